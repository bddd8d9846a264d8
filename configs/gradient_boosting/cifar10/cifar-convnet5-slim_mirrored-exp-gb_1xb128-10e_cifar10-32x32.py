"""Mirrored exponential on the slim five-layer CIFAR-10 network (Section 2.2).

alpha and targets are those of exp-GB, the learning rate is tuned by us.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.MirroredExpGBLoss', alpha=0.1, beta=0.0, targets=(0.0, 16.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))

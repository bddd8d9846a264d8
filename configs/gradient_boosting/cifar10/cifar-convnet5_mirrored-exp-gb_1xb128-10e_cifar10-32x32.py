"""Mirrored exponential on the five-layer CIFAR-10 network, which "does not work well" (Section 2.2).

The paper gives no settings; alpha and targets are those of its exp-GB, beta and the learning rate are ours.
"""

_base_ = './cifar-convnet5_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.MirroredExpGBLoss', alpha=0.1, beta=0.0, targets=(0.0, 16.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=1e-4))

"""exp-GB on the ten-layer CIFAR-10 network, Figures 1b, 2 and 3.

alpha and targets are the paper's, the learning rate is ours.
"""

_base_ = './cifar-convnet10_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead', loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 6.0))
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.01))

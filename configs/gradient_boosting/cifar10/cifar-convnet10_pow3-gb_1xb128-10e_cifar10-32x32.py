"""pow3-GB on the ten-layer CIFAR-10 network, Figures 1b, 2 and 3.

alpha, beta and targets are the paper's, the learning rate is ours.
"""

_base_ = './cifar-convnet10_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(-2.0, 10.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.005))

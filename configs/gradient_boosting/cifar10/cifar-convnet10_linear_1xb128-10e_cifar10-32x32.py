"""Linear outputs without boosting on the ten-layer CIFAR-10 network.

Not in the paper; targets and learning rate are ours.
"""

_base_ = './cifar-convnet10_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.SquaredErrorLoss', activation='linear', targets='unit'),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.005))

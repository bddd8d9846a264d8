"""Linear outputs without boosting on the five-layer CIFAR-10 network: "the softmax clearly" beats them (Section 2).

Targets and learning rate are ours.
"""

_base_ = './cifar-convnet5_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.SquaredErrorLoss', activation='linear', targets='unit'),
    )
)
optim_wrapper = dict(optimizer=dict(lr=3e-4))

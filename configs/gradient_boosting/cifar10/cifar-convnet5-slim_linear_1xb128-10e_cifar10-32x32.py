"""Linear outputs without boosting on the slim five-layer CIFAR-10 network (Section 2): learning rate tuned by us."""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.SquaredErrorLoss', activation='linear', targets='unit'),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.002))

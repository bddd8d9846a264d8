# Figure 1a, exp-GB.
_base_ = './cifar-convnet5_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=1e-4))

# pow3-GB, which "did not work well" on ImageNet; its settings are those of Figure 1a.
_base_ = './alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py'
model = dict(head=dict(
    type='mmgb.BoostedLinearClsHead',
    loss=dict(_delete_=True, type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0., 10.))))
optim_wrapper = dict(optimizer=dict(lr=0.001))

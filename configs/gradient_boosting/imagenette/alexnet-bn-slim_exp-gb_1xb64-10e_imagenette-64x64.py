"""exp-GB with the slim AlexNet on ten classes of ImageNet: alpha, targets and learning rate of the paper's Table 2."""

_base_ = './alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.01, targets=(0.0, 10.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.001))

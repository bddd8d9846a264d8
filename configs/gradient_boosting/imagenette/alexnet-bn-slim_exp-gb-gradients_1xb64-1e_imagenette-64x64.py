"""Gradients of the hidden layers by the number of outputs, exp-GB with the paper's alpha and targets of Table 2."""

_base_ = './alexnet-bn-slim_softmax-gradients_1xb64-1e_imagenette-64x64.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.01, targets=(0.0, 10.0)),
    )
)

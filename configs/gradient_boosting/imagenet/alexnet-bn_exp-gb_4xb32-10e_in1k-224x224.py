"""exp-GB with AlexNet on ImageNet, Table 2 of the gradient-boosting paper.

alpha, targets and learning rate are the paper's.
"""

_base_ = './alexnet-bn_softmax_4xb32-10e_in1k-224x224.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.01, targets=(0.0, 10.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.001))

"""Tanh outputs with squared error on MNIST, Table 1 of the gradient-boosting paper.

Targets {-1, 1} and the learning rate (tuned) are ours: the paper does not give them.
"""

_base_ = [
    '../../_base_/models/mlp.py',
    '../../_base_/datasets/mnist_28x28.py',
    '../../_base_/schedules/sgd_fixed_100e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.SquaredErrorLoss', activation='tanh', targets='symmetric'),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.4))

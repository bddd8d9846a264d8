"""Sigmoid outputs with squared error, of which page 10 of the lecture warns."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.SquaredErrorLoss', activation='sigmoid', targets='unit'),
    )
)

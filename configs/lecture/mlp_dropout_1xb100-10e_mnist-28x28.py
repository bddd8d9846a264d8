"""Dropout of the hidden units (lecture, page 28). The ratio 0.5 is our choice."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(dropout_ratio=0.5))

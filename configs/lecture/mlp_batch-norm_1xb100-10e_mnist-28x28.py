"""Batch norm in the hidden layers (lecture, page 27)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(norm_cfg=dict(type='BN1d')))

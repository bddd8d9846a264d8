"""Glorot initialisation, variance 2 / (n_in + n_out), normal distribution (lecture, page 23)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(_delete_=True, type='Xavier', layer='Linear')
model = dict(backbone=dict(init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

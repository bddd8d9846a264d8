"""Initial weights of variance 1 / n_in, uniform distribution on [-sqrt(3/n_in), sqrt(3/n_in)] (lecture, page 24)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(distribution='uniform')
model = dict(backbone=dict(init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

"""He initialisation, variance 2 / n_in, with the tanh units of the base (lecture, page 26)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(nonlinearity='relu')
model = dict(backbone=dict(init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

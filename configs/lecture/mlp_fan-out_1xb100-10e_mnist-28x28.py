"""Initial weights of variance 1 / n_out, which preserves the variance of the gradient (lecture, page 23)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(mode='fan_out')
model = dict(backbone=dict(init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

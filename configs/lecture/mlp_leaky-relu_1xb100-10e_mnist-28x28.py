"""Leaky ReLU hidden units (lecture, page 13). The slope 0.1 is our choice within the lecture's range of 0.01 to 0.3."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(act_cfg=dict(_delete_=True, type='LeakyReLU', negative_slope=0.1)))

"""Tanh as it is "often implemented": linear between -1 and 1, constant outside (lecture, page 11)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(act_cfg=dict(_delete_=True, type='Clip', min=-1.0, max=1.0)))

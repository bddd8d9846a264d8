"""Hidden units 1.7159 tanh(2x/3), the recommended sigmoid (lecture, page 8)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(act_cfg=dict(_delete_=True, type='mmgb.ScaledTanh')))

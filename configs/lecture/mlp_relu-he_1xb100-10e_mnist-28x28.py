"""ReLU hidden units with He initialisation, variance 2 / n_in, which was derived for them (lecture, page 26)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(type='Kaiming', layer='Linear', mode='fan_in', nonlinearity='relu')
model = dict(backbone=dict(act_cfg=dict(type='ReLU'), init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

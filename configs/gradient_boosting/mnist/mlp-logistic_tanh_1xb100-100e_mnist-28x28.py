_base_ = './mlp_tanh_1xb100-100e_mnist-28x28.py'
model = dict(backbone=dict(act_cfg=dict(type='Sigmoid')))

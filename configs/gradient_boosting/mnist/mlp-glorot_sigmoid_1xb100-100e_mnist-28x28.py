_base_ = './mlp_sigmoid_1xb100-100e_mnist-28x28.py'
model = dict(backbone=dict(init_cfg=dict(type='Xavier', layer='Linear')))

"""Sigmoid outputs of Table 1 with LeCun initialisation (variance 1 / n_in) of the hidden layers.

The learning rate is that of the same outputs with ReLU and He initialisation.
"""

_base_ = './mlp_sigmoid_1xb100-100e_mnist-28x28.py'
model = dict(backbone=dict(init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', nonlinearity='linear')))

"""Historical initialisation of Torch, of which page 20 of the lecture warns.

Weights are uniform on [-1/sqrt(n_in), 1/sqrt(n_in)], of variance 1 / (3 n_in).
"""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
init_cfg = dict(a=5**0.5, nonlinearity='leaky_relu', distribution='uniform')
model = dict(backbone=dict(init_cfg=init_cfg), head=dict(init_cfg=init_cfg))

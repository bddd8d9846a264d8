"""Base of the lecture's tricks: MNIST network with tanh units, LeCun initialisation and cross-entropy.

Every other mlp config of this folder changes one thing of it. Learning rate, batch size and length are ours.
"""

_base_ = [
    '../_base_/models/mlp.py',
    '../_base_/datasets/mnist_28x28.py',
    '../_base_/schedules/sgd_fixed_10e.py',
    '../_base_/mmpretrain_runtime.py',
]
init_cfg = dict(type='Kaiming', layer='Linear', mode='fan_in', nonlinearity='linear')
model = dict(backbone=dict(act_cfg=dict(type='Tanh'), init_cfg=init_cfg), head=dict(init_cfg=init_cfg))
optim_wrapper = dict(optimizer=dict(lr=0.1))
auto_scale_lr = dict(base_batch_size=100)

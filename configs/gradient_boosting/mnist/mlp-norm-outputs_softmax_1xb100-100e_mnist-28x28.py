"""Softmax with batch norm on the outputs of the MNIST network.

Not in the paper. The learning rate is tuned by us.
"""

_base_ = ['./mlp_softmax_1xb100-100e_mnist-28x28.py', '../../_base_/models/normalised_outputs.py']
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=50),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss')),
)
optim_wrapper = dict(optimizer=dict(lr=2.0))

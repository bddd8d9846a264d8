"""Softmax with batch norm on the outputs of the slim five-layer CIFAR-10 network.

One reading of the paper's "batch normalization in all layers". The learning rate is tuned by us.
"""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/models/normalised_outputs.py']
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=2048),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss')),
)
optim_wrapper = dict(optimizer=dict(lr=0.4))

"""Softmax with batch norm on the outputs of the slim AlexNet.

Not in the paper. The learning rate is tuned by us.
"""

_base_ = ['./alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py', '../../_base_/models/normalised_outputs.py']
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=1024),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss')),
)
optim_wrapper = dict(optimizer=dict(lr=0.02))

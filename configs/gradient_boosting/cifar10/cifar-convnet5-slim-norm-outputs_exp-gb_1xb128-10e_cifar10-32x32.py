"""exp-GB with batch norm on the outputs of the slim five-layer CIFAR-10 network.

The outputs start at 0, which is the class prior with alpha = 16 / 10 classes. The learning rate is tuned by us.
"""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/models/normalised_outputs.py']
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=2048),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='mmgb.ExpGBLoss', alpha=1.6, targets=(0.0, 16.0))),
)
optim_wrapper = dict(optimizer=dict(lr=0.08))

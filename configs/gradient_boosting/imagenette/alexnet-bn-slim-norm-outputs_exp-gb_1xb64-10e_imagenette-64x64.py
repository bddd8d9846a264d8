"""exp-GB with batch norm on the outputs of the slim AlexNet.

The outputs start at 0, which is the class prior with alpha = 10 / 10 classes. The learning rate is tuned by us.
"""

_base_ = ['./alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py', '../../_base_/models/normalised_outputs.py']
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=1024),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='mmgb.ExpGBLoss', alpha=1.0, targets=(0.0, 10.0))),
)
optim_wrapper = dict(optimizer=dict(lr=0.004))

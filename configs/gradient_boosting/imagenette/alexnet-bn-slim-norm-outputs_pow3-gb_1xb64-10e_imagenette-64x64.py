"""pow3-GB with batch norm on the outputs of the slim AlexNet.

The deviation of the outputs starts at 1 and has to grow: the fit of the target class is at 21. The learning rate is
tuned by us.
"""

_base_ = [
    './alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py',
    '../../_base_/models/normalised_outputs.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=1024),
    head=dict(_delete_=True, type='ClsHead', loss=_base_.pow3_gb),
)
optim_wrapper = dict(optimizer=dict(lr=0.004))

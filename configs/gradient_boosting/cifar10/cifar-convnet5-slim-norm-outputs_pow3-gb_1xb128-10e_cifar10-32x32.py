"""pow3-GB with batch norm on the outputs of the slim five-layer CIFAR-10 network.

The deviation of the outputs starts at 1 and has to grow: the fit of the target class is at 21. The learning rate is
tuned by us.
"""

_base_ = [
    './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py',
    '../../_base_/models/normalised_outputs.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(
    neck=dict(_base_.normalised_outputs, in_channels=2048),
    head=dict(_delete_=True, type='ClsHead', loss=_base_.pow3_gb),
)
optim_wrapper = dict(optimizer=dict(lr=0.016))

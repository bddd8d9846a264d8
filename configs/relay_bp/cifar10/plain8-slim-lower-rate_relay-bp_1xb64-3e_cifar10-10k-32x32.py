"""Eight-layer network, Relay BP, lowest layers at a higher rate: a row of the study.

Network and length are ours; the learning rate is tuned without the multiplier.
"""

_base_ = [
    '../../_base_/models/plain8-slim_multi-loss.py',
    '../../_base_/datasets/cifar10-10k_32x32.py',
    '../../_base_/schedules/sgd_cosine_3e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
# Relay BP leaves the layers below the primary loss's range 0.3 of one loss; the multiplier makes up for it.
lower_layers = ('stages.0.', 'stages.1.')
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={name: dict(lr_mult=1 / 0.3) for name in lower_layers}))

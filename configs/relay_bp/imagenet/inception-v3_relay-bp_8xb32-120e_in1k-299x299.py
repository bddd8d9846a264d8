"""Inception-v3 on ImageNet with Relay BP: row "Relay BP" of Table 6 of the Relay paper.

Settings of the Inception-v3 paper, with SGD and without scale jitter (Section 5.2). Weight decay, batch, length and
sizes of the images are ours, and the momentum of the averaged weights is that of the paper's implementation.
"""

_base_ = [
    '../../_base_/models/inception-v3_label-smooth_multi-loss.py',
    '../../_base_/datasets/imagenet_299x299_tta-144-crops.py',
    '../../_base_/schedules/sgd_exponential_120e_inception.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
# Tested with weights averaged over the steps (Section 8 of the Inception-v3 paper).
custom_hooks = [*_base_.custom_hooks, dict(type='EMAHook', momentum=1e-4)]

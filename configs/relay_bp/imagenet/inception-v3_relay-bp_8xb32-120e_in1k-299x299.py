"""Inception-v3 on ImageNet with Relay BP: row "Relay BP" of Table 6 of the Relay paper.

Settings of the Inception-v3 paper, with SGD and without scale jitter (Section 5.2). Weight decay, batch, length and
sizes of the images are ours.
"""

_base_ = [
    '../../_base_/models/inception-v3_label-smooth_multi-loss.py',
    '../../_base_/datasets/imagenet_299x299_tta-144-crops.py',
    '../../_base_/schedules/sgd_exponential_120e_inception.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')

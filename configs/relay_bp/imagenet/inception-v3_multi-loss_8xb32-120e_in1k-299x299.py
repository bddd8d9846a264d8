"""Inception-v3 on ImageNet with its auxiliary loss: row "standard BP (re-implement)" of Table 6 of the Relay paper.

Schedule and augmentation are those of Section 5.1; length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/inception-v3_multi-loss.py',
    '../../_base_/datasets/imagenet_299x299.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

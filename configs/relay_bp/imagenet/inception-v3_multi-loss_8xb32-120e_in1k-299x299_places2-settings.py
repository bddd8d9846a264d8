"""Inception-v3 on ImageNet with an auxiliary loss and standard BP, trained with the settings of Places2.

Section 5.1 of the Relay paper, where the config without the suffix follows Section 5.2. Length, patience and momentum
are ours. The auxiliary classifier is the one of the other networks.
"""

_base_ = [
    '../../_base_/models/inception-v3_multi-loss.py',
    '../../_base_/datasets/imagenet_299x299.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

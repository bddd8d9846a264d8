"""ResNet-50 on ImageNet without auxiliary loss, trained with the settings of Places2.

Section 5.1 of the Relay paper, where the config without the suffix follows Section 5.2. Length, patience and momentum
are ours.
"""

_base_ = [
    '../../_base_/models/resnet50.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

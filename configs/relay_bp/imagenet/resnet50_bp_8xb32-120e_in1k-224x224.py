"""ResNet-50 on ImageNet, mmpretrain's own model: row "standard BP (re-implement)" of Table 6 of the Relay paper.

Schedule and augmentation are those of Section 5.1; length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/resnet50.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

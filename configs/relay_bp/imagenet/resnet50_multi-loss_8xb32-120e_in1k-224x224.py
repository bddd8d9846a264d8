"""ResNet-50 on ImageNet with an auxiliary loss and standard BP: the multi-loss baseline of Section 5.

Table 6 does not have it. Schedule and augmentation are those of Section 5.1; length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/resnet50_multi-loss.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

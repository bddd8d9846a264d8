"""ResNet-50 on ImageNet, mmpretrain's own model: row "standard BP (re-implement)" of Table 6 of the Relay paper.

Settings of the ResNet paper without scale jitter (Section 5.2). Patience and means are ours.
"""

_base_ = [
    '../../_base_/models/resnet50.py',
    '../../_base_/datasets/imagenet_224x224_tta-resnet.py',
    '../../_base_/schedules/sgd_plateau_120e_resnet.py',
    '../../_base_/mmpretrain_runtime.py',
]

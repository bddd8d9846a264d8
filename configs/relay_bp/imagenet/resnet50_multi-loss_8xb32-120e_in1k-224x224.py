"""ResNet-50 on ImageNet with an auxiliary loss and standard BP: the multi-loss baseline of Section 5.

Table 6 does not have it. Settings of the ResNet paper without scale jitter (Section 5.2). Patience, means and the
layers of the auxiliary classifier are ours.
"""

_base_ = [
    '../../_base_/models/resnet50_multi-loss.py',
    '../../_base_/datasets/imagenet_224x224_tta-resnet.py',
    '../../_base_/schedules/sgd_plateau_120e_resnet.py',
    '../../_base_/mmpretrain_runtime.py',
]

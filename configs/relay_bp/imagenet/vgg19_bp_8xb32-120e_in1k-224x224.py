"""VGG-19 on ImageNet, mmpretrain's own model: row "VGGNet-19" of Table 1 and left side of Figure 2 of the Relay paper.

The paper quotes the row from the VGG paper. The settings here are those of Section 5.1; the limit on the gradient's
norm is ours.
"""

_base_ = [
    '../../_base_/models/vgg19.py',
    '../../_base_/datasets/imagenet_224x224_tta-crops.py',
    '../../_base_/schedules/sgd_plateau_120e_clip.py',
    '../../_base_/mmpretrain_runtime.py',
]

"""VGG-19 on ImageNet, mmpretrain's own model: left side of Figure 2 of the Relay paper.

The paper gives no result for it; the settings are those of Section 5.1.
"""

_base_ = [
    '../../_base_/models/vgg19.py',
    '../../_base_/datasets/imagenet_224x224_tta-crops.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

"""VGG-19 on ImageNet with the two auxiliary losses of Figure 2 of the Relay paper and standard BP.

The paper gives no result for it. The settings are those of Section 5.1; the limit on the gradient's norm is ours.
"""

_base_ = [
    '../../_base_/models/vgg19_multi-loss.py',
    '../../_base_/datasets/imagenet_224x224_tta-crops.py',
    '../../_base_/schedules/sgd_plateau_120e_clip.py',
    '../../_base_/mmpretrain_runtime.py',
]

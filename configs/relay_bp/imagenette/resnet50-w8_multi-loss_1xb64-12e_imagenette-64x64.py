"""Slim ResNet-50 with an auxiliary loss and standard BP: the multi-loss baseline beside the stand-in for Table 6.

Width and length are ours, the learning rate is Section 5.1's in proportion to the batch.
"""

_base_ = [
    '../../_base_/models/resnet50-w8_multi-loss.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]

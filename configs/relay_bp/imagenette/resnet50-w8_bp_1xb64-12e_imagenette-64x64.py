"""Slim ResNet-50 on ten classes of ImageNet without auxiliary classifier: a stand-in for Table 6 of the Relay paper.

Width and length are ours, the learning rate is Section 5.1's in proportion to the batch.
"""

_base_ = [
    '../../_base_/models/resnet50-w8.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]

"""Slim ResNet-50 with Relay BP over conv4_1 to conv4_4: a stand-in for Table 6 of the Relay paper.

Width and length are ours, the learning rate is Section 5.1's in proportion to the batch.
"""

_base_ = [
    '../../_base_/models/resnet50-w8_multi-loss.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')

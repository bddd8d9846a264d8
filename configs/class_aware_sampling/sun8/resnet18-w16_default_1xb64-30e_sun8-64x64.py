"""Slim ResNet-18 on eight classes of scenes, default sampler: the baseline of class-aware sampling.

Our own comparison.
"""

_base_ = [
    '../../_base_/models/resnet18-w16.py',
    '../../_base_/datasets/sun8_64x64.py',
    '../../_base_/schedules/sgd_cosine_30e.py',
    '../../_base_/mmpretrain_runtime.py',
]
auto_scale_lr = dict(base_batch_size=64)

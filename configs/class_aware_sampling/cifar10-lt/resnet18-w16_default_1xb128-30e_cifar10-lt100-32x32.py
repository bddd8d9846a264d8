"""Slim ResNet-18 on long-tailed CIFAR-10, default sampler: the baseline of class-aware sampling.

Our own comparison.
"""

_base_ = [
    '../../_base_/models/resnet18-w16_cifar.py',
    '../../_base_/datasets/cifar10-lt100_32x32.py',
    '../../_base_/schedules/sgd_cosine_30e.py',
    '../../_base_/mmpretrain_runtime.py',
]

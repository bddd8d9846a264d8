"""Softmax on the ten-layer CIFAR-10 network, Figures 1b, 2, 3 and 5.

The learning rate is the best of the three in the paper.
"""

_base_ = [
    '../../_base_/models/cifar-convnet10.py',
    '../../_base_/datasets/cifar10_32x32.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=1.0))
custom_hooks = [*_base_.custom_hooks, dict(type='mmgb.GradientStatsHook')]

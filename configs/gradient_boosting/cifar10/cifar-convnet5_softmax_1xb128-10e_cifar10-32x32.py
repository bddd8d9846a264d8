"""Softmax on the five-layer CIFAR-10 network, Figure 1a of the gradient-boosting paper. The learning rate is ours."""

_base_ = [
    '../../_base_/models/cifar-convnet5.py',
    '../../_base_/datasets/cifar10_32x32.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.002))

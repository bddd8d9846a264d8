"""Softmax with AlexNet on ImageNet, Table 2 of the gradient-boosting paper.

The learning rate is the paper's. Momentum, weight decay and batch size are those of AlexNet's own paper.
"""

_base_ = [
    '../../_base_/models/alexnet-bn.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.01, momentum=0.9, weight_decay=5e-4))

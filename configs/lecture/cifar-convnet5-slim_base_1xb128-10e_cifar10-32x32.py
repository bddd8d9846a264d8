"""Base of the lecture's tricks that need colour images: the slim five-layer network on CIFAR-10. Settings are ours."""

_base_ = [
    '../_base_/models/cifar-convnet5.py',
    '../_base_/datasets/cifar10_32x32.py',
    '../_base_/schedules/sgd_fixed_10e.py',
    '../_base_/mmpretrain_runtime.py',
]
model = dict(backbone=dict(width=0.25), head=dict(in_channels=2048))
optim_wrapper = dict(optimizer=dict(lr=0.1))

"""The same network with mmpretrain's stem for images of 32x32, its stages at 16x16, 8x8, 4x4 and 4x4 pixels."""

_base_ = './resnet18-w16.py'
model = dict(backbone=dict(type='ResNet_CIFAR', strides=(2, 2, 2, 1)), head=dict(num_classes=10))

"""ResNet-18 at a quarter of its width, for ten classes of 32x32 images.

The stem is the one of mmpretrain for such images; the stages have 16x16, 8x8, 4x4 and 4x4 cells.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, stem_channels=16, base_channels=16, strides=(2, 2, 2, 1)),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=128, num_classes=10, loss=dict(type='CrossEntropyLoss')),
)

"""ResNet-18 at a quarter of its width, for eight classes. One CPU core can train it."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, stem_channels=16, base_channels=16),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', in_channels=128, num_classes=8, loss=dict(type='CrossEntropyLoss')),
)

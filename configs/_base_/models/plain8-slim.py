"""Plain eight-layer network with batch norm for 32x32 images of ten classes: seven 3x3 convolutions and a linear layer.

The maps have 16x16 cells once, 8x8 three times and 4x4 three times.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmgb.PlainConvNet',
        channels=(16, 16, 16, 16, 32, 32, 32),
        strides=(2, 2, 1, 1, 2, 1, 1),
        norm_cfg=dict(type='BN'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=32, loss=dict(type='CrossEntropyLoss'), topk=(1,)),
)

"""Plain 16-layer network without batch norm for 32x32 images of ten classes: 15 3x3 convolutions and a linear layer.

Like model A of the Relay paper it is deep and has no normalization. The maps have 16x16 cells once, 8x8 eight times
and 4x4 six times.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmgb.PlainConvNet',
        channels=(16,) * 9 + (32,) * 6,
        strides=(2, 2) + (1,) * 7 + (2,) + (1,) * 5,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=32, loss=dict(type='CrossEntropyLoss'), topk=(1,)),
)

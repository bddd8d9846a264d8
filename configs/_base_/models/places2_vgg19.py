"""VGG-19 of Table 1 of the Relay paper: 512 channels in the last stage, and one pooling level instead of a pyramid."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.Places2VGG', depth=19, last_channels=512),
    neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=512, bins=(7,)),
    head=dict(
        type='LinearClsHead',
        num_classes=401,
        in_channels=4096,
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
        topk=(1, 5),
    ),
)

"""Model A of Table 2 of the Relay paper, 22 layers, without its auxiliary classifier."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.Places2VGG', depth=22),
    neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=256),
    head=dict(
        type='LinearClsHead',
        num_classes=401,
        in_channels=4096,
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
        topk=(1, 5),
    ),
)

"""Model A of the Relay paper an eighth as wide, for 64x64 images of ten classes, without its auxiliary classifier.

The last map has 4x4 cells instead of 14x14, so the pyramid keeps two levels: one that halves the map, as 7x7 does in
the paper, and one of the whole map. No dropout; all of this is our choice, see configs/relay_bp/imagenette/README.md.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.Places2VGG', depth=22, width=1 / 8),
    neck=dict(
        type='mmgb.SpatialPyramidPooling',
        in_channels=32,
        fc_channels=(512, 512),
        bins=(1, 2),
        window=4,
        dropout_ratio=0.0,
    ),
    head=dict(
        type='LinearClsHead',
        num_classes=10,
        in_channels=512,
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
        topk=(1,),
    ),
)

"""Model B of the Relay paper's Table 2: both losses update the stage at 28x28, the primary one nothing below."""

model = dict(
    type='mmgb.RelayBP',
    model=dict(
        type='ImageClassifier',
        backbone=dict(type='mmgb.Places2Inception'),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=512),
        head=dict(
            type='LinearClsHead',
            num_classes=401,
            in_channels=4096,
            init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
            loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
            topk=(1, 5),
        ),
    ),
    auxiliaries=[
        dict(
            source='backbone.stages.2',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=401, in_channels=512),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.stages.2',
    propagation='relay',
)

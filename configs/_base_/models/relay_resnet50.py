"""ResNet-50 with one relay: both losses update conv4_1 to conv4_4, the primary one nothing below, Section 5.2."""

model = dict(
    type='mmgb.RelayBP',
    model=dict(
        type='ImageClassifier',
        backbone=dict(type='ResNet', depth=50, num_stages=4, out_indices=(3,), style='pytorch'),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='LinearClsHead',
            num_classes=1000,
            in_channels=2048,
            loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
            topk=(1, 5),
        ),
    ),
    auxiliaries=[
        dict(
            source='backbone.layer3.3',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000, in_channels=1024, norm_cfg=dict(type='BN')),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.layer3.0',
    propagation='relay',
)

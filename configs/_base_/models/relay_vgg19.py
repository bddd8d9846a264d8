"""VGG-19 with two relays, as in Figure 2: segments end with the max-pools 2, 5, 10, 15 and 20 of ``features``.

Auxiliary 1 reaches from segment 3 to the bottom, auxiliary 2 from segment 4 to 3, the primary loss to segment 4.
"""

model = dict(
    type='mmgb.RelayBP',
    model=dict(
        type='ImageClassifier',
        backbone=dict(type='VGG', depth=19, num_classes=1000),
        neck=None,
        head=dict(type='ClsHead', loss=dict(type='CrossEntropyLoss', loss_weight=1.0), topk=(1, 5)),
    ),
    auxiliaries=[
        dict(
            source='backbone.features.10',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000, in_channels=256),
            loss_weight=0.3,
        ),
        dict(
            source='backbone.features.15',
            lowest='backbone.features.6',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000, in_channels=512),
            loss_weight=0.3,
        ),
    ],
    primary_lowest='backbone.features.11',
    propagation='relay',
)

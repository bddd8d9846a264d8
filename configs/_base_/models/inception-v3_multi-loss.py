"""Inception-v3 with one auxiliary classifier, trained by standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP: both losses update the four 17x17 modules inception4a to inception4d
(Section 5.2 of the Relay paper). The backbone's own ``aux_logits`` are off: no head of mmpretrain gives them a loss.
"""

model = dict(
    type='mmgb.RelayBP',
    model=dict(
        type='ImageClassifier',
        backbone=dict(type='InceptionV3', num_classes=1000, aux_logits=False),
        neck=None,
        head=dict(type='ClsHead', loss=dict(type='CrossEntropyLoss', loss_weight=1.0), topk=(1, 5)),
    ),
    auxiliaries=[
        dict(
            source='backbone.Mixed_6e',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000, in_channels=768, norm_cfg=dict(type='BN')),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.Mixed_6b',
    propagation='standard',
)

"""Slim ResNet-50 with one auxiliary classifier, trained by standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP: both losses update conv4_1 to conv4_4, and the primary loss
updates nothing below them (Section 5.2 of the Relay paper).
"""

_base_ = './resnet50-w8.py'
model = dict(
    _delete_=True,
    type='mmgb.RelayBP',
    model=_base_.model,
    auxiliaries=[
        dict(
            source='backbone.layer3.3',
            head=dict(
                type='mmgb.AuxiliaryClsHead',
                num_classes=10,
                in_channels=128,
                conv_channels=16,
                fc_channels=128,
                dropout_ratio=0.0,
                norm_cfg=dict(type='BN'),
            ),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.layer3.0',
    propagation='standard',
)

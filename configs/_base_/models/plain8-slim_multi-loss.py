"""Plain eight-layer network with one auxiliary classifier, trained by standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP: both losses update the third and the fourth layer, and the primary loss
updates nothing below them.
"""

_base_ = './plain8-slim.py'
model = dict(
    _delete_=True,
    type='mmgb.RelayBP',
    model=_base_.model,
    auxiliaries=[
        dict(
            source='backbone.stages.3',
            head=dict(
                type='mmgb.AuxiliaryClsHead',
                num_classes=10,
                in_channels=16,
                conv_channels=16,
                fc_channels=64,
                dropout_ratio=0.0,
                norm_cfg=dict(type='BN'),
            ),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.stages.2',
    propagation='standard',
)

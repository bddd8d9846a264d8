"""Slim model A of the Relay paper with one auxiliary classifier, trained by standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP: both losses update the fourth stage, and the primary loss
updates nothing below it.
"""

_base_ = './places2_model-a-slim.py'
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
                in_channels=64,
                conv_channels=16,
                fc_channels=128,
                dropout_ratio=0.0,
            ),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.stages.3',
    propagation='standard',
)

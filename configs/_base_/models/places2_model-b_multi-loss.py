"""Model B of Table 2 of the Relay paper with an auxiliary classifier and standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP: both losses update the 28x28 stage, and the primary loss
updates nothing below it.
"""

_base_ = './places2_model-b.py'
model = dict(
    _delete_=True,
    type='mmgb.RelayBP',
    model=_base_.model,
    auxiliaries=[
        dict(
            source='backbone.stages.2',
            head=dict(type='mmgb.AuxiliaryClsHead', num_classes=401, in_channels=512),
            loss_weight=0.3,
        )
    ],
    primary_lowest='backbone.stages.2',
    propagation='standard',
)

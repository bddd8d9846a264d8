"""VGG-19 with the two auxiliary classifiers of Figure 2 of the Relay paper, trained by standard backpropagation.

``propagation='relay'`` turns it into Relay BP: auxiliary loss 1 updates segments 3 to 1, auxiliary loss 2 segments 4
and 3, and the primary loss everything down to segment 4. A segment ends with its max-pool: modules 2, 5, 10, 15 and 20
of ``features``.
"""

_base_ = './vgg19.py'
model = dict(
    _delete_=True,
    type='mmgb.RelayBP',
    model=_base_.model,
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
    propagation='standard',
)

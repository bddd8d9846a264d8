# Model A of Table 2 at an eighth of its width. Its last map has 4x4 cells instead of 14x14: of the pyramid remain the
# level that halves it, as 7x7 does there, and the whole map. Without dropout, and the gradient clipped: see README.md.
_base_ = [
    '../../_base_/models/relay_places2-a.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    model=dict(
        backbone=dict(width=1 / 8),
        neck=dict(in_channels=32, fc_channels=(512, 512), bins=(1, 2), window=4, dropout_ratio=0.0),
        head=dict(num_classes=10, in_channels=512, topk=(1,)),
    ),
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
)
optim_wrapper = dict(optimizer=dict(lr=0.00125), clip_grad=dict(max_norm=5.0))

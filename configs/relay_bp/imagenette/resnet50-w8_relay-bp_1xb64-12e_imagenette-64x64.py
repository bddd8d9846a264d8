# ResNet-50 of Table 6 at an eighth of its width, relay over conv4_1 to conv4_4 as in Section 5.2.
_base_ = [
    '../../_base_/models/relay_resnet50.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    model=dict(backbone=dict(stem_channels=8, base_channels=8), head=dict(num_classes=10, in_channels=256, topk=(1,))),
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
)

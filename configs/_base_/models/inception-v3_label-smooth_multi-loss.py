"""Inception-v3 with label smoothing and its own auxiliary classifier, trained by standard backpropagation (multi-loss).

``propagation='relay'`` turns it into Relay BP. Label smoothing of 0.1 (Section 7) and the auxiliary classifier with
batch norm on both hidden layers (Section 4) are those of the Inception-v3 paper (arXiv:1512.00567); number of filters
and initialisation are those of its implementations. The weight of 0.3 is the Relay paper's (Section 5.2).
"""

_base_ = './inception-v3_multi-loss.py'
smoothed = dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original')
model = dict(
    model=dict(head=dict(loss=dict(_delete_=True, **smoothed))),
    auxiliaries=[
        dict(
            source='backbone.Mixed_6e',
            head=dict(
                type='mmgb.AuxiliaryClsHead',
                num_classes=1000,
                in_channels=768,
                pooled_size=5,
                conv_channels=128,
                fc_channels=768,
                dropout_ratio=0.0,
                norm_cfg=dict(type='BN', eps=1e-3),
                hidden_norm_cfg=dict(type='BN1d', eps=1e-3),
                init_cfg=[
                    dict(
                        type='TruncNormal',
                        layer=['Conv2d', 'Linear'],
                        std=0.01,
                        override=dict(type='TruncNormal', name='fc', std=0.001),
                    ),
                    dict(type='Constant', layer='_BatchNorm', val=1),
                ],
                loss=smoothed,
            ),
            loss_weight=0.3,
        )
    ],
)

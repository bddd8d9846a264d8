"""Batch norm on a classifier's outputs: mmpretrain's affine neck with it gives the scores, and the head has no layer.

In a config of which another base has the backbone: ``model = dict(neck=dict(_base_.normalised_outputs, in_channels=50),
head=dict(_delete_=True, type='ClsHead', loss=…))``.
"""

normalised_outputs = dict(
    type='LinearNeck',
    out_channels=10,
    norm_cfg=dict(type='BN1d'),
    init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
)

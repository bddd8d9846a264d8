"""Batch norm on the scores of a ten-class classifier: an affine neck computes them, and the head has no layer.

Add this file to ``_base_``, then write ``model = dict(neck=dict(_base_.normalised_outputs, in_channels=50),
head=dict(_delete_=True, type='ClsHead', loss=...))``, where ``in_channels`` is the number of features of the backbone.
"""

normalised_outputs = dict(
    type='LinearNeck',
    out_channels=10,
    norm_cfg=dict(type='BN1d'),
    init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0),
)

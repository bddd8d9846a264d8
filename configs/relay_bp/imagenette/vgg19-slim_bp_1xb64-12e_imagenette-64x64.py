"""VGG-19 at an eighth of its width on ten classes of ImageNet, standard BP: a stand-in for Table 1 of the Relay paper.

As in the paper, VGG's last pool (4x4 to 2x2 cells) replaces the pyramid. No dropout, and gradients clipped: our choice,
see README.md.
"""

_base_ = [
    '../../_base_/models/places2_vgg19.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    backbone=dict(width=1 / 8),
    neck=dict(in_channels=64, fc_channels=(512, 512), bins=(2,), window=4, dropout_ratio=0.0),
    head=dict(num_classes=10, in_channels=512, topk=(1,)),
)
optim_wrapper = dict(optimizer=dict(lr=0.00125), clip_grad=dict(max_norm=5.0))
custom_hooks = [*_base_.custom_hooks, dict(type='mmgb.GradientStatsHook')]

"""Gradients of the hidden layers by the number of outputs, softmax: why pow3-GB "did not work well" with 1,000 classes.

Set the number of outputs with model.head.num_classes, and drop batch norm with model.backbone.norm_cfg=None. This
config is not meant to learn.
"""

_base_ = [
    '../../_base_/models/alexnet-bn.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(backbone=dict(width=0.25), head=dict(num_classes=10, in_channels=1024, topk=(1,)))
# The same for every loss and number of outputs, and so small that the weights hardly leave their initial values.
optim_wrapper = dict(optimizer=dict(lr=1e-7))
train_cfg = dict(max_epochs=1)
# No CheckClassCountHook, because more outputs than classes are the point here.
custom_hooks = [
    dict(type='mmgb.CheckCropSizeHook'),
    dict(type='mmgb.CheckInvalidLossHook'),
    dict(type='mmgb.ExactResumeHook'),
    dict(type='mmgb.GradientStatsHook', interval=10),
]
default_hooks = dict(checkpoint=None)

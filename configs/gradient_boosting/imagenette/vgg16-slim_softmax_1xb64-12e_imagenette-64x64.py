"""Slim VGG-16 on ten classes of ImageNet, from which the slim PixelNet of ../voc12 is initialised.

It replaces the ImageNet weights of the paper's PixelNet. All settings are ours.
"""

_base_ = [
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.PixelNetVGG', width=0.125, padding=0, norm_cfg=dict(type='BN'), out_indices=(4,)),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=64, loss=dict(type='CrossEntropyLoss'), topk=(1,)),
)
optim_wrapper = dict(optimizer=dict(lr=0.05, weight_decay=5e-4))

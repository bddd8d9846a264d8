"""Eight classes of scenes in folders, 46 to 343 training images each, resized to 64x64 pixels."""

data_preprocessor = dict(num_classes=8, mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=64, crop_ratio_range=(0.25, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=72, edge='short'),
    dict(type='CenterCrop', crop_size=64),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='CustomDataset', data_root='data/sun8', data_prefix='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=96,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='CustomDataset', data_root='data/sun8', data_prefix='val', pipeline=test_pipeline),
)
test_dataloader = val_dataloader
# The mean recall is the mean per-class accuracy.
val_evaluator = [dict(type='Accuracy', topk=(1,)), dict(type='SingleLabelMetric', items=('recall',))]
test_evaluator = val_evaluator

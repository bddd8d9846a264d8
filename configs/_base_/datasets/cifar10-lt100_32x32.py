"""Long-tailed CIFAR-10: 5,000 training images of the first class down to 50 of the last, and the full test set.

Images are RGB. `tools/dataset_converters/make_long_tailed.py` writes the file. Padded random crops and flips.
"""

classes = ('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')
data_preprocessor = dict(num_classes=10, mean=[125.307, 122.961, 113.8575], std=[51.5865, 50.847, 51.255], to_rgb=False)
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=128,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/cifar10',
        images='cifar10_lt100.npz',
        keys=('x_train', 'y_train'),
        classes=classes,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=500,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/cifar10',
        images='cifar10_lt100.npz',
        keys=('x_test', 'y_test'),
        classes=classes,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
# The mean recall is the mean per-class accuracy. The test set is balanced, so it also equals the accuracy.
val_evaluator = [dict(type='Accuracy', topk=(1,)), dict(type='SingleLabelMetric', items=('recall',))]
test_evaluator = val_evaluator

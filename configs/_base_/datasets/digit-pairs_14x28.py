"""MNIST digits side by side in pairs, 100 classes: pixels from 0 to 1, neither augmented nor centred.

``tools/dataset_converters/make_digit_tuples.py`` makes the file. No worker processes: sending such small images between
processes takes longer than making them.
"""

data_preprocessor = dict(num_classes=100, mean=[0.0], std=[255.0], to_rgb=False)
train_dataloader = dict(
    batch_size=100,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/digit_tuples',
        images='pairs.npz',
        keys=('x_train', 'y_train'),
        pipeline=[dict(type='PackInputs')],
    ),
)
val_dataloader = dict(
    batch_size=500,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/digit_tuples',
        images='pairs.npz',
        keys=('x_test', 'y_test'),
        pipeline=[dict(type='PackInputs')],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator

"""MNIST from its four files: pixels from 0 to 1, neither augmented nor centred.

No worker processes: sending such small images between processes takes longer than making them.
"""

data_preprocessor = dict(num_classes=10, mean=[0.0], std=[255.0], to_rgb=False)
train_pipeline = [dict(type='PackInputs')]
test_pipeline = [dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=100,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/mnist',
        images='train-images-idx3-ubyte.gz',
        labels='train-labels-idx1-ubyte.gz',
        classes=tuple('0123456789'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=500,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmgb.ArrayDataset',
        data_root='data/mnist',
        images='t10k-images-idx3-ubyte.gz',
        labels='t10k-labels-idx1-ubyte.gz',
        classes=tuple('0123456789'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator

"""CIFAR-10 with the first 10,000 training images: random crops of images padded by 4 pixels, and flips."""

_base_ = './cifar10_32x32.py'
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(indices=10000, pipeline=train_pipeline))
val_dataloader = dict(num_workers=0)
test_dataloader = val_dataloader

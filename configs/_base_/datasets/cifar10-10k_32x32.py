"""CIFAR-10 with the first 10,000 training images and no augmentation."""

_base_ = './cifar10_32x32.py'
train_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(indices=10000))
val_dataloader = dict(num_workers=0)
test_dataloader = val_dataloader

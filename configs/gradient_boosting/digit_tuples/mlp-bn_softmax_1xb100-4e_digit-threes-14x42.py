"""Softmax on MNIST digits in threes: the baseline of the boosted losses with 1,000 classes. Not in the paper.

The network is that of Table 1 with batch norm and 200 instead of 50 units before the outputs. All settings are ours;
the learning rate is tuned.
"""

_base_ = [
    '../../_base_/models/mlp.py',
    '../../_base_/datasets/digit-threes_14x42.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    backbone=dict(in_features=588, hidden_features=(392, 200), norm_cfg=dict(type='BN1d')),
    head=dict(num_classes=1000, in_channels=200),
)
optim_wrapper = dict(optimizer=dict(lr=0.2, momentum=0.9))
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=100)

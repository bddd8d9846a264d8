"""Softmax on pairs of MNIST digits: the baseline of the boosted losses with 100 classes. Not in the paper.

The network is that of Table 1 with batch norm and 200 instead of 50 units before the outputs. All settings are ours;
the learning rate is tuned.
"""

_base_ = [
    '../../_base_/models/mlp.py',
    '../../_base_/datasets/digit-pairs_14x28.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(
    backbone=dict(in_features=392, hidden_features=(392, 200), norm_cfg=dict(type='BN1d')),
    head=dict(num_classes=100, in_channels=200),
)
optim_wrapper = dict(optimizer=dict(lr=0.4, momentum=0.9))
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=100)

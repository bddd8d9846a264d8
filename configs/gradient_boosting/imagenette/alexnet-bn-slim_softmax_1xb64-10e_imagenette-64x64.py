"""Softmax with AlexNet at a quarter of its width on ten classes of ImageNet: a stand-in for Table 2.

One CPU core trains it in minutes. Width and batch size are ours, the learning rate (tuned) agrees with the paper's.
"""

_base_ = [
    '../../_base_/models/alexnet-bn.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_fixed_10e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(backbone=dict(width=0.25), head=dict(num_classes=10, in_channels=1024, topk=(1,)))
optim_wrapper = dict(optimizer=dict(lr=0.01, momentum=0.9, weight_decay=5e-4))
auto_scale_lr = dict(base_batch_size=64)

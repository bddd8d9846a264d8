"""16-layer network, Relay BP, nine epochs: the setting in which it came nearest to a clear lead over multi-loss.

Network and length are ours; the learning rate is the best of multi-loss (README, Results).
"""

_base_ = [
    '../../_base_/models/plain16-slim_multi-loss.py',
    '../../_base_/datasets/cifar10-10k_32x32.py',
    '../../_base_/schedules/sgd_cosine_3e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
optim_wrapper = dict(optimizer=dict(lr=0.04))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=9, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=9, val_interval=9)

"""16-layer network, Relay BP: a row of the study.

Network, length and learning rate are ours; at 0.1, the eight-layer network's, this one stays at chance.
"""

_base_ = [
    '../../_base_/models/plain16-slim_multi-loss.py',
    '../../_base_/datasets/cifar10-10k_32x32.py',
    '../../_base_/schedules/sgd_cosine_3e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
optim_wrapper = dict(optimizer=dict(lr=0.02))

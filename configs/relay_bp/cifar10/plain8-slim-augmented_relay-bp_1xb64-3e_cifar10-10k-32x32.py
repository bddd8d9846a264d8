"""Eight-layer network, Relay BP on augmented images: a row of the study.

Network and length are ours; the learning rate is tuned.
"""

_base_ = [
    '../../_base_/models/plain8-slim_multi-loss.py',
    '../../_base_/datasets/cifar10-10k-augmented_32x32.py',
    '../../_base_/schedules/sgd_cosine_3e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')

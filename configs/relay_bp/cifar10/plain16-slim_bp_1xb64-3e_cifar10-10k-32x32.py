"""16-layer network, standard BP, no auxiliary loss: a row of the study.

Network and length are ours; the learning rate is that of the nine epochs in the card.
"""

_base_ = [
    '../../_base_/models/plain16-slim.py',
    '../../_base_/datasets/cifar10-10k_32x32.py',
    '../../_base_/schedules/sgd_cosine_3e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.02))

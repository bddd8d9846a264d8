# Inception-v3 of Table 6, row "Relay BP".
_base_ = [
    '../../_base_/models/relay_inception-v3.py',
    '../../_base_/datasets/imagenet_299x299.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]

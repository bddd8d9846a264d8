# Model B of Table 2, relay backpropagation.
_base_ = [
    '../../_base_/models/relay_places2-b.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]

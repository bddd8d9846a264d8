"""Slim model A without auxiliary classifier: a stand-in for Tables 3 and 4 of the Relay paper.

Width, length and gradient clipping are ours, the learning rate is tuned by us.
"""

_base_ = [
    '../../_base_/models/places2_model-a-slim.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.00125), clip_grad=dict(max_norm=5.0))

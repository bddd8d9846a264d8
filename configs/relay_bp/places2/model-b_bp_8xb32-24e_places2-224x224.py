"""Model B on Places2 without auxiliary classifier: standard BP of Tables 3 and 4 of the Relay paper.

Settings of Section 5.1; divided images, clipping, length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/places2_model-b.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]

"""VGG-19 on Places2 with standard BP, Table 1 of the Relay paper: VGG's last pool in place of the pyramid.

Settings of Section 5.1; divided images, clipping, length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/places2_vgg19.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]

# Table 1, VGGNet-19 on Places2: no pyramid, VGG's last pool and standard backpropagation.
_base_ = [
    '../../_base_/models/places2_vgg19.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]

# S-60 on mmsegmentation's augmented list.
_base_ = [
    '../../_base_/models/pixelnet_vgg16.py',
    '../../_base_/datasets/voc12aug_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]

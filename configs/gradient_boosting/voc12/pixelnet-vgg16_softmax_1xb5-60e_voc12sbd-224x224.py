# S-60: 5 images x 2,000 pixels a step, on one GPU.
_base_ = [
    '../../_base_/models/pixelnet_vgg16.py',
    '../../_base_/datasets/voc12sbd_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]

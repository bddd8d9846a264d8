# S-60 from the release's Caffe weights.
_base_ = [
    '../../_base_/models/pixelnet_vgg16-caffe.py',
    '../../_base_/datasets/voc12sbd_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]

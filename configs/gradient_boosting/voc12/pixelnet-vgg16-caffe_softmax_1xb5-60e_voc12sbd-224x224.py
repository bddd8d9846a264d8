"""Row S-60 (softmax, 60 epochs) of Table 3, initialised from the Caffe weights of the release.

The learning rate is the paper's; 5 images and 2,000 pixels per step are the release's.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-caffe.py',
    '../../_base_/datasets/voc12sbd_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]

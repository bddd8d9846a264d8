"""Row S-60 (softmax, 60 epochs) of Table 3 of the gradient-boosting paper.

The learning rate is the paper's; 5 images and 2,000 pixels per step are the release's.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16.py',
    '../../_base_/datasets/voc12sbd_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]

"""Softmax on scenes of handwritten digits with the slim PixelNet: our own stand-in for Table 3.

The learning rate is tuned by us.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]
model = dict(decode_head=dict(num_classes=11))
optim_wrapper = dict(optimizer=dict(lr=0.03))
train_cfg = dict(max_epochs=4, val_interval=1)
auto_scale_lr = dict(base_batch_size=4)

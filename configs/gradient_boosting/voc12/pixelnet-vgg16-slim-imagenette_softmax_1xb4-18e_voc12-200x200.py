"""Softmax with the slim PixelNet initialised from ten ImageNet classes: a stand-in for Table 3 on a CPU.

Network, length and learning rate (tuned) are ours.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim-imagenette.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.003))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=18, val_interval=6)

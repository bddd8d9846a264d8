"""Softmax with batch norm on the outputs of the slim PixelNet, initialised from ten ImageNet classes.

The batch norm replaces the output bias, so its shift starts at the class prior. Not in the paper; the
learning rate is tuned by us.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim-imagenette.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]
model = dict(
    decode_head=dict(
        norm_outputs=True,
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
            dict(type='mmgb.FitPrior', layer='norm_seg'),
        ],
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.03))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=18, val_interval=6)

"""pow3-GB on scenes of handwritten digits: settings of Section 2.2 of the paper, learning rate tuned by us."""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(decode_head=dict(num_classes=11, loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.003))
train_cfg = dict(max_epochs=4, val_interval=1)
auto_scale_lr = dict(base_batch_size=4)

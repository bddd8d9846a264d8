"""exp-GB on scenes of handwritten digits: alpha and targets of Section 2.1 of the paper, learning rate tuned by us."""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/exp-gb.py',
]
model = dict(decode_head=dict(num_classes=11, loss_decode=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=3e-4))
train_cfg = dict(max_epochs=4, val_interval=1)
auto_scale_lr = dict(base_batch_size=4)

"""Row P-40 (pow3-GB, 40 epochs) of Table 3 with the slim PixelNet, for a CPU. Network and learning rate are ours."""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(decode_head=dict(loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.003))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=40)

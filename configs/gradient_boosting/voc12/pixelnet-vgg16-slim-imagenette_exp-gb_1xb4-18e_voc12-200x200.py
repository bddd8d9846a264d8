"""exp-GB with the slim PixelNet initialised from ten ImageNet classes: a stand-in for Table 3 on a CPU.

Network, length and learning rate (tuned) are ours.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim-imagenette.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/exp-gb.py',
]
model = dict(decode_head=dict(loss_decode=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=3e-4))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=18, val_interval=6)

"""Row E-40 (exp-GB, 40 epochs) of Table 3, trained on mmsegmentation's augmented list.

The learning rate is the paper's, alpha and targets are those of its Section 2.1: it gives none for VOC.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16.py',
    '../../_base_/datasets/voc12aug_224x224.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/exp-gb.py',
]
model = dict(decode_head=dict(loss_decode=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_epochs=40)

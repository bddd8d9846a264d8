"""exp-GB in the units of cross-entropy's logits on scenes of handwritten digits. Not in the paper.

The units are ours; the learning rate is that of softmax.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/exp-gb_matched.py',
]
model = dict(decode_head=dict(num_classes=11, loss_decode=dict(_base_.exp_gb_matched, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.03))
train_cfg = dict(max_epochs=4, val_interval=1)
auto_scale_lr = dict(base_batch_size=4)

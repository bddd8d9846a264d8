"""exp-GB in the units of cross-entropy's logits with an epoch of warm-up on scenes of handwritten digits.

Not in the paper.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_warmup_4e.py',
    '../../_base_/mmseg_runtime.py',
    '../../_base_/losses/exp-gb_matched.py',
]
model = dict(decode_head=dict(num_classes=11, loss_decode=dict(_base_.exp_gb_matched, _delete_=True)))

"""Softmax with an epoch of warm-up on scenes of handwritten digits: the baseline of the matched losses with it.

Not in the paper.
"""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/digits_200x200.py',
    '../../_base_/schedules/pixelnet_warmup_4e.py',
    '../../_base_/mmseg_runtime.py',
]
model = dict(decode_head=dict(num_classes=11))

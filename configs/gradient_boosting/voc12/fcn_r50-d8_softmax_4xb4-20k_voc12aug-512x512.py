"""FCN-R50 of mmsegmentation with cross-entropy in both heads, the baseline of the boosted losses.

The recipe is mmsegmentation's, except that both losses average over the valid pixels, as the boosted ones do.
"""

_base_ = [
    '../../_base_/models/fcn_r50-d8.py',
    '../../_base_/datasets/voc12aug_512x512.py',
    '../../_base_/schedules/sgd_20k.py',
    '../../_base_/mmseg_runtime.py',
]
default_hooks = dict(logger=dict(log_metric_by_epoch=False), checkpoint=dict(by_epoch=False, interval=2000))
log_processor = dict(by_epoch=False)

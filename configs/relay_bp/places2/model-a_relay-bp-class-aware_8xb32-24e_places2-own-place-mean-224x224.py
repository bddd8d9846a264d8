"""Model A on Places2 with the mean of the crop's own place, the other reading of Section 5.1's "per-pixel mean".

Other settings as in the config that subtracts the mean of the central crops.
"""

_base_ = [
    '../../_base_/models/places2_model-a_multi-loss.py',
    '../../_base_/datasets/places2-own-place-mean_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

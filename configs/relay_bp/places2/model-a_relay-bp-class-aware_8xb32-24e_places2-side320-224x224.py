"""Model A on Places2 at a second input scale, for the ensemble of Table 5 of the Relay paper.

The scale is ours: the paper does not name those of its five models. Other settings as in the config of the first scale.
"""

_base_ = [
    '../../_base_/models/places2_model-a_multi-loss.py',
    '../../_base_/datasets/places2-side320_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

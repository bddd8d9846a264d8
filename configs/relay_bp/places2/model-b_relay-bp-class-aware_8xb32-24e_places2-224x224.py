"""Model B on Places2 with Relay BP and class-aware sampling: row "WM (model B)" of Table 5 of the Relay paper.

Settings of Section 5.1; divided images, clipping, length, patience and momentum are ours.
"""

_base_ = [
    '../../_base_/models/places2_model-b_multi-loss.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(propagation='relay')
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

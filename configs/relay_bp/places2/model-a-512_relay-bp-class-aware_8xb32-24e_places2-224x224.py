"""Model A with 512 channels in its last stage, for the ensemble of Table 5 of the Relay paper.

VGG-19, the basis of model A, has 512 there, where Table 2 prints 256. A third network is our choice: the paper does not
name its five models.
"""

_base_ = [
    '../../_base_/models/places2_model-a_multi-loss.py',
    '../../_base_/datasets/places2_224x224.py',
    '../../_base_/schedules/sgd_plateau_24e.py',
    '../../_base_/mmpretrain_runtime.py',
]
model = dict(model=dict(backbone=dict(last_channels=512), neck=dict(in_channels=512)), propagation='relay')
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

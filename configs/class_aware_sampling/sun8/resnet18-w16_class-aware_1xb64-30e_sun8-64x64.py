"""Slim ResNet-18 on eight classes of scenes with class-aware sampling (Section 5.1 of the Relay paper).

Everything but the sampler is the baseline's, and ours.
"""

_base_ = './resnet18-w16_default_1xb64-30e_sun8-64x64.py'
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

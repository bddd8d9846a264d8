"""pow3-GB with the slim ResNet-18 on eight classes of scenes: a test of mmgb's recommendation, not in the paper.

Settings of the loss are those of Figure 1a. The learning rate is ours, tuned like that of the baseline.
"""

_base_ = [
    '../../class_aware_sampling/sun8/resnet18-w16_default_1xb64-30e_sun8-64x64.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.02))

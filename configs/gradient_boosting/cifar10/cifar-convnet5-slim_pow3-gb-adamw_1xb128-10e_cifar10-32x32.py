"""pow3-GB with AdamW on the slim five-layer CIFAR-10 network: is boosting more than a larger step?

AdamW cancels the scale of the gradients, so a gain here is not a gain of longer steps. Not in the paper.
"""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.0))

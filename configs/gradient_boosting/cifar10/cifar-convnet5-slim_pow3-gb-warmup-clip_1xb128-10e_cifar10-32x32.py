"""pow3-GB with warm-up and gradient clipping on the slim five-layer CIFAR-10 network.

Is boosting more than a larger step? Both bound the steps and let any loss use a higher rate. Not in the paper.
"""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.004), clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200)]

"""Softmax with warm-up and gradient clipping on the slim five-layer CIFAR-10 network: the baseline of pow3-GB.

Not in the paper.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
optim_wrapper = dict(clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200)]

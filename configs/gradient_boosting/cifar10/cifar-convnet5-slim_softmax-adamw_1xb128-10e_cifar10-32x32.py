"""Softmax with AdamW on the slim five-layer CIFAR-10 network: the baseline of the boosted losses under AdamW.

Not in the paper.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.0))

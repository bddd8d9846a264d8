"""Squentropy on the slim five-layer CIFAR-10 network: a modern baseline of the boosted losses.

Cross-entropy plus the mean square of the scores of the wrong classes: Hui, Belkin and Wright 2023, Cut your Losses with
Squentropy. The learning rate is ours, the best of five: at that of softmax the network learns nothing.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.SquentropyLoss')))
optim_wrapper = dict(optimizer=dict(lr=0.006))

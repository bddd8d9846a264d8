"""exp-GB on the five-layer CIFAR-10 network, Figure 1a.

alpha and targets are the paper's, the learning rate is ours.
"""

_base_ = ['./cifar-convnet5_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/losses/exp-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=1e-4))

"""exp-GB on the slim five-layer CIFAR-10 network: alpha and targets of Figure 1a, learning rate tuned by us."""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/losses/exp-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.001))

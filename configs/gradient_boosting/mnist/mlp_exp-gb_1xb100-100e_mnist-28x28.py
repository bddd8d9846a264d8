"""exp-GB on the MNIST network of Table 1. Not in the paper: settings of Figure 1a, learning rate tuned by us."""

_base_ = ['./mlp_softmax_1xb100-100e_mnist-28x28.py', '../../_base_/losses/exp-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.exp_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.02))

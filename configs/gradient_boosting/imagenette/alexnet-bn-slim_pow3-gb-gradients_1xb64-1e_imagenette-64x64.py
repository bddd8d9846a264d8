"""Gradients of the hidden layers by the number of outputs, pow3-GB with the paper's settings of Figure 1a."""

_base_ = ['./alexnet-bn-slim_softmax-gradients_1xb64-1e_imagenette-64x64.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))

"""pow3-GB on pairs of MNIST digits, 100 classes. Not in the paper.

The loss has the settings of Figure 1a; the learning rate is ours, tuned.
"""

_base_ = ['./mlp-bn_softmax_1xb100-4e_digit-pairs-14x28.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.016))

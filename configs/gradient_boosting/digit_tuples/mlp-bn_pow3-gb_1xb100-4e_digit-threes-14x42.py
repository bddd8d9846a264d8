"""pow3-GB on MNIST digits in threes, 1,000 classes. Not in the paper.

The loss has the settings of Figure 1a; the learning rate is tuned by us.
"""

_base_ = ['./mlp-bn_softmax_1xb100-4e_digit-threes-14x42.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.001))

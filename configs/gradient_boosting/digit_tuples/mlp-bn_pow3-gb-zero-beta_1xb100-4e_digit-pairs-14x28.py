"""pow3-GB with beta 0, the negative target, on pairs of MNIST digits, 100 classes. Not in the paper.

The wrong classes fit at a score of 0, with the paper's beta 0.4 at -7.4. alpha and targets are Figure 1a's; beta is
ours, and the learning rate is tuned.
"""

_base_ = ['./mlp-bn_softmax_1xb100-4e_digit-pairs-14x28.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, beta=0.0, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.016))

"""pow3-GB in the units of cross-entropy's logits on pairs of MNIST digits, 100 classes. Not in the paper.

beta is the negative target. Units and beta are ours; the learning rate is tuned.
"""

_base_ = ['./mlp-bn_softmax_1xb100-4e_digit-pairs-14x28.py', '../../_base_/losses/pow3-gb_matched.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb_matched, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.2))

"""FCN-R50 of mmsegmentation with exp-GB in both heads, loss weights and everything else mmsegmentation's.

The learning rate is ours: a tenth of softmax's, as in Table 3 of the gradient-boosting paper. At softmax's the loss grows
without bound.
"""

_base_ = ['./fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py', '../../_base_/losses/exp-gb.py']
loss = dict(_base_.exp_gb, _delete_=True)
model = dict(
    decode_head=dict(loss_decode=dict(loss_weight=1.0, **loss)),
    auxiliary_head=dict(loss_decode=dict(loss_weight=0.4, **loss)),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))

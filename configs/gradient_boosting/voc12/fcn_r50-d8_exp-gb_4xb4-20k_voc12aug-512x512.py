"""FCN-R50 of mmsegmentation with exp-GB in both heads, loss weights and everything else mmsegmentation's.

The learning rate is the gradient-boosting paper's for VOC (Table 3). Its final value, a hundredth as for softmax, is
ours. At softmax's learning rate the loss grows without bound.
"""

_base_ = ['./fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py', '../../_base_/losses/exp-gb.py']
loss = dict(_base_.exp_gb, _delete_=True)
model = dict(
    decode_head=dict(loss_decode=dict(loss_weight=1.0, **loss)),
    auxiliary_head=dict(loss_decode=dict(loss_weight=0.4, **loss)),
)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [dict(_base_.param_scheduler[0], eta_min=1e-6)]

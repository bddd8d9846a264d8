"""FCN-R50 of mmsegmentation with exp-GB in both heads. Loss weights and everything else stay mmsegmentation's."""

_base_ = ['./fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py', '../../_base_/losses/exp-gb.py']
loss = dict(_base_.exp_gb, _delete_=True)
model = dict(
    decode_head=dict(loss_decode=dict(loss_weight=1.0, **loss)),
    auxiliary_head=dict(loss_decode=dict(loss_weight=0.4, **loss)),
)

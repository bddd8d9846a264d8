# Only the loss is swapped, in both heads; their weights, and everything else, stay.
_base_ = './fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py'
loss = dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))
model = dict(
    decode_head=dict(loss_decode=dict(loss_weight=1.0, **loss)),
    auxiliary_head=dict(loss_decode=dict(loss_weight=0.4, **loss)),
)

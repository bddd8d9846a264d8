_base_ = [
    './pixelnet-vgg16-slim-imagenette-norm-outputs_softmax_1xb4-18e_voc12-200x200.py',
    '../../_base_/losses/pow3-gb.py',
]
model = dict(decode_head=dict(loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=3e-4))

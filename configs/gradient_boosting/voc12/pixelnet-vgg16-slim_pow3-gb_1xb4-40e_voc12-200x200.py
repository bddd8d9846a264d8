# P-40 for a CPU.
_base_ = ['./pixelnet-vgg16-slim_softmax_1xb4-60e_voc12-200x200.py', '../../_base_/losses/pow3-gb.py']
model = dict(decode_head=dict(loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.003))
train_cfg = dict(max_epochs=40)

# P-40. The learning rate is the paper's; it doesn't give alpha, beta and the targets of its VOC runs: Section 2.2's.
_base_ = ['./pixelnet-vgg16_softmax_1xb5-60e_voc12sbd-224x224.py', '../../_base_/losses/pow3-gb.py']
model = dict(decode_head=dict(loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=5e-5))
train_cfg = dict(max_epochs=40)

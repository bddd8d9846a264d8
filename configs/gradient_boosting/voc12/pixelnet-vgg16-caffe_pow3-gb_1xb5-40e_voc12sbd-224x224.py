# P-40 from the release's Caffe weights.
_base_ = ['./pixelnet-vgg16-caffe_softmax_1xb5-60e_voc12sbd-224x224.py', '../../_base_/losses/pow3-gb.py']
model = dict(decode_head=dict(loss_decode=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=5e-5))
train_cfg = dict(max_epochs=40)

# E-40 from the release's Caffe weights.
_base_ = './pixelnet-vgg16-caffe_softmax_1xb5-60e_voc12sbd-224x224.py'
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))))
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_epochs=40)

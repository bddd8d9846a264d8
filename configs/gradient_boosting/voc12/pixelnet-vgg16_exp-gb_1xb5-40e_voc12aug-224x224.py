# E-40 on mmsegmentation's augmented list.
_base_ = './pixelnet-vgg16_softmax_1xb5-60e_voc12aug-224x224.py'
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))))
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_epochs=40)

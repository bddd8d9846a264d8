_base_ = './pixelnet-vgg16-slim-imagenette_softmax_1xb4-18e_voc12-200x200.py'
model = dict(decode_head=dict(loss_decode=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))))
optim_wrapper = dict(optimizer=dict(lr=3e-4))

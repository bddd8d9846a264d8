_base_ = './pixelnet-vgg16-slim_softmax_1xb4-4e_digits-200x200.py'
model = dict(decode_head=dict(loss_decode=dict(
    _delete_=True, type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0., 10.))))
optim_wrapper = dict(optimizer=dict(lr=0.003))

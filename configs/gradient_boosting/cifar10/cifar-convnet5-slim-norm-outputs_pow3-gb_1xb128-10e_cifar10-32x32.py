# pow3-GB on normalised outputs, which have to grow from 1 to their fit at 21 first.
_base_ = './cifar-convnet5-slim-norm-outputs_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0., 10.))))
optim_wrapper = dict(optimizer=dict(lr=0.016))

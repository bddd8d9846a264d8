# exp-GB on normalised outputs. They start at 0: with alpha = 16 / 10 classes that is the classes' prior.
_base_ = './cifar-convnet5-slim-norm-outputs_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=1.6, targets=(0.0, 16.0))))
optim_wrapper = dict(optimizer=dict(lr=0.08))

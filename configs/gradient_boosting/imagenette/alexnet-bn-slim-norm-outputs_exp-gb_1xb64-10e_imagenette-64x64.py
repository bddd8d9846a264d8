# exp-GB on normalised outputs. They start at 0: with alpha = 10 / 10 classes that is the classes' prior.
_base_ = './alexnet-bn-slim-norm-outputs_softmax_1xb64-10e_imagenette-64x64.py'
model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=1.0, targets=(0.0, 10.0))))
optim_wrapper = dict(optimizer=dict(lr=0.004))

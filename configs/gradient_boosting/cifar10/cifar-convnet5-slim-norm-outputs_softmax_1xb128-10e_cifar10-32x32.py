# "Batch normalization in all layers", read as on the outputs too: the backbone ends in the normalised scores.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    backbone=dict(norm_outputs=True),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss')))
optim_wrapper = dict(optimizer=dict(lr=0.2))

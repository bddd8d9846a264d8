# Batch norm on the outputs: mmpretrain's affine neck with it gives the scores, and the head has no layer.
_base_ = './mlp_softmax_1xb100-100e_mnist-28x28.py'
model = dict(
    neck=dict(
        type='LinearNeck',
        in_channels=50,
        out_channels=10,
        norm_cfg=dict(type='BN1d'),
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0)),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss')))
optim_wrapper = dict(optimizer=dict(lr=2.0))

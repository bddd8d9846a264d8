# Batch norm on the outputs: mmpretrain's affine neck with it gives the scores, and the head has no layer.
_base_ = './alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py'
model = dict(
    neck=dict(
        type='LinearNeck',
        in_channels=1024,
        out_channels=10,
        norm_cfg=dict(type='BN1d'),
        init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0)),
    head=dict(_delete_=True, type='ClsHead', loss=dict(type='CrossEntropyLoss'), topk=(1, )))
optim_wrapper = dict(optimizer=dict(lr=0.02))

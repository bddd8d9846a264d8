# Batch norm on the outputs too: the bias that starts at the classes' prior is now the normalisation's.
_base_ = './pixelnet-vgg16-slim-imagenette_softmax_1xb4-18e_voc12-200x200.py'
model = dict(
    decode_head=dict(
        norm_outputs=True,
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
            dict(type='mmgb.FitPrior', layer='norm_seg'),
        ],
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.03))

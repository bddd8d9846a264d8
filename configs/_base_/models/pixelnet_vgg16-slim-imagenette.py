"""Slim PixelNet whose convolutions are initialised from a classifier of ten ImageNet classes.

The classifier is configs/gradient_boosting/imagenette/vgg16-slim_softmax_1xb64-12e_imagenette-64x64.py: train it first.
"""

_base_ = './pixelnet_vgg16-slim.py'
model = dict(
    backbone=dict(
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),  # for fc6 and fc7: the classifier has none
            dict(
                type='Pretrained',
                checkpoint='work_dirs/vgg16-slim_softmax_1xb64-12e_imagenette-64x64/epoch_12.pth',
                prefix='backbone.',
            ),
        ]
    )
)

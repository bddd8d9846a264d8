"""PixelNet an eighth as wide, on 200x200 pixels, trained from scratch with batch norm: what two CPU cores can train."""

_base_ = './pixelnet_vgg16.py'
data_preprocessor = dict(size=(200, 200))
model = dict(
    data_preprocessor=data_preprocessor,
    backbone=dict(
        width=0.125,
        # At 4096 most of the hypercolumn would be fc7, still random and the same all over the image.
        fc_channels=512,
        padding=0,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.0,
        init_cfg=dict(_delete_=True, type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
    ),
    decode_head=dict(
        in_channels=(8, 16, 32, 64, 64, 64),
        channels=128,
        padding=0,
        pixels_per_image=1000,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.0,
        # Without pretrained features below it, the release's gaussian of 0.001 leaves nearly no gradient.
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
            dict(type='mmgb.FitPrior', layer='conv_seg'),
        ],
    ),
)

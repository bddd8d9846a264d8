"""PixelNet an eighth as wide for 200x200 images, trained from scratch with batch norm. Two CPU cores can train it.

Width, image size, batch norm and initialisation are our choices. This file has no base, so that a base can extend it.
"""

data_preprocessor = dict(
    type='SegDataPreProcessor',
    size=(200, 200),
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=data_preprocessor,
    backbone=dict(
        type='mmgb.PixelNetVGG',
        width=0.125,
        # With 4096 channels, fc7 would be most of the hypercolumn: random features, constant over the image.
        fc_channels=512,
        padding=0,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.0,
        init_cfg=dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
    ),
    decode_head=dict(
        type='mmgb.PixelNetHead',
        in_channels=(8, 16, 32, 64, 64, 64),
        channels=128,
        padding=0,
        pixels_per_image=1000,
        num_classes=21,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.0,
        # Without pretrained features, the release's Gaussian of deviation 0.001 leaves almost no gradient.
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),
            dict(type='mmgb.FitPrior', layer='conv_seg'),
        ],
        # Average over the valid pixels, as the boosted losses do.
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)

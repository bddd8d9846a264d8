"""PixelNet on VGG-16 (Bansal et al., arXiv:1702.06506), initialised from the ImageNet weights of torchvision.

Images are RGB, normalised with the statistics of those weights. The network of Table 3 of the gradient-boosting paper.
"""

data_preprocessor = dict(
    type='SegDataPreProcessor',
    size=(224, 224),
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
        type='mmgb.PixelNetVGG', padding=100, init_cfg=dict(type='Pretrained', checkpoint='torchvision://vgg16')
    ),
    decode_head=dict(
        type='mmgb.PixelNetHead',
        in_channels=(64, 128, 256, 512, 512, 4096),
        channels=4096,
        padding=100,
        pixels_per_image=2000,
        num_classes=21,
        # Average over the valid pixels, as the boosted losses do.
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)

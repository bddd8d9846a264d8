"""ImageNet 2012 as in ``imagenet_224x224.py``, but ``--tta`` tests the central 224x224 crop at each size.

For networks such as VGG-19, whose fully connected layers need a fixed 7x7 map.
"""

_base_ = './imagenet_224x224.py'
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='ResizeEdge', scale=scale, edge='short') for scale in (224, 256, 320, 384, 448)],
            [dict(type='CenterCrop', crop_size=224)],
            [dict(type='PackInputs')],
        ],
    ),
]

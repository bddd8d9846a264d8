"""Places2 as in ``places2_224x224.py``, with images whose shorter side is 320 instead of 256 pixels.

A second input scale for the ensemble of Table 5 of the Relay paper, which does not name its scales: our choice.
``compute_mean_image.py --side 320`` makes its mean image.
"""

_base_ = './places2_224x224.py'
subtract_mean = dict(type='mmgb.SubtractMeanImage', mean_image='data/places2/mean_image_side320.npy')
resize = dict(type='ResizeEdge', scale=320, edge='short')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    resize,
    dict(type='RandomCrop', crop_size=224),
    subtract_mean,
    *_base_.train_pipeline[4:],
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    resize,
    dict(type='CenterCrop', crop_size=224),
    subtract_mean,
    dict(type='PackInputs'),
]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='ResizeEdge', scale=scale, edge='short') for scale in (280, 320, 400, 480, 560)],
            [subtract_mean],
            [dict(type='PackInputs')],
        ],
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

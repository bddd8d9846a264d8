"""Places2 as in ``places2_224x224.py``, but each pixel loses the mean at its own place in the whole image.

The other reading of "per-pixel mean": the mean image is of whole images resized to squares
(``compute_mean_image.py --whole``), as Caffe's, and resized to each image before the crop. In the test of whole images
(``--tta``) it replaces the mean colour.
"""

_base_ = './places2_224x224.py'
subtract_mean = dict(type='mmgb.SubtractMeanImage', mean_image='data/places2/mean_image_whole.npy', resize=True)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    subtract_mean,
    dict(type='RandomCrop', crop_size=224),
    *_base_.train_pipeline[4:],
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    subtract_mean,
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='ResizeEdge', scale=scale, edge='short') for scale in (224, 256, 320, 384, 448)],
            [subtract_mean],
            [dict(type='PackInputs')],
        ],
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

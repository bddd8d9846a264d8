"""Places2: shorter side 256, random 224x224 crop, flip, colour shift of AlexNet, mean image subtracted.

Tested on the central crop; ``--tta`` tests whole images at five sizes and averages the scores (Section 5.1 of the Relay
paper). As in Caffe, images are BGR. `tools/dataset_converters/compute_mean_image.py` writes the mean image.

Dividing by 58, about the standard deviation of a pixel, is ours: without it the networks, which have no batch norm,
diverge within three steps.
"""

# The mean image is subtracted before, in pixel values.
data_preprocessor = dict(num_classes=401, mean=[0.0] * 3, std=[58.0] * 3, to_rgb=False)
subtract_mean = dict(type='mmgb.SubtractMeanImage', mean_image='data/places2/mean_image.npy')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='RandomCrop', crop_size=224),
    subtract_mean,
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    # Principal components of the colours of ImageNet in pixel values; the rows of eigvec are B, G and R.
    dict(
        type='Lighting',
        eigval=[55.4625, 4.7940, 1.1475],
        eigvec=[[-0.5836, -0.6948, 0.4203], [-0.5808, -0.0045, -0.8140], [-0.5675, 0.7192, 0.4009]],
        alphastd=0.1,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='CenterCrop', crop_size=224),
    subtract_mean,
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
tta_model = dict(type='AverageClsScoreTTA')
train_dataloader = dict(
    batch_size=32,
    num_workers=5,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmgb.Places2',
        data_root='data/places2',
        ann_file='train.txt',
        data_prefix='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=5,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmgb.Places2', data_root='data/places2', ann_file='val.txt', data_prefix='val', pipeline=test_pipeline
    ),
)
# Batch size 1, because whole images (--tta) differ in shape.
test_dataloader = dict(val_dataloader, batch_size=1)
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator

"""Places2: shorter side 256, a random 224x224 crop, flip, AlexNet's colour shift, the mean image subtracted.

Tested on the central crop; with ``--tta`` on whole images at five sizes, scores averaged (Relay paper, Section 5.1).
Images stay in BGR and are not divided by a deviation, as in Caffe, with which the paper worked.
`tools/dataset_converters/compute_mean_image.py` writes the mean image.
"""

data_preprocessor = dict(num_classes=401, mean=None, to_rgb=False)
subtract_mean = dict(type='mmgb.SubtractMeanImage', mean_image='data/places2/mean_image.npy')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short'),
    dict(type='RandomCrop', crop_size=224),
    subtract_mean,
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    # Principal components of ImageNet's colours, in units of a pixel's value; one row each for B, G and R.
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
# Whole images have unlike shapes: only one at a time can be tested at several sizes.
test_dataloader = dict(val_dataloader, batch_size=1)
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator

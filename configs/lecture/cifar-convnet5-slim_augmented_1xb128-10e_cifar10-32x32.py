"""Crops, flips and colour PCA; --tta averages 4 x 2 x 3 versions in testing (lecture, page 5)."""

_base_ = './cifar-convnet5-slim_base_1xb128-10e_cifar10-32x32.py'
crop = dict(type='RandomCrop', crop_size=32, padding=4)
# Principal components of the colours of ImageNet in pixel values; the rows of eigvec are R, G and B.
colour_pca = dict(
    type='Lighting',
    eigval=[55.4625, 4.7940, 1.1475],
    eigvec=[[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
    alphastd=0.1,
)
# Float, because a colour shift beyond black or white wraps around in 8 bits.
to_float = dict(type='Normalize', mean=[0.0] * 3, std=[1.0] * 3, to_rgb=False)
train_pipeline = [
    crop,
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    to_float,
    colour_pca,
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
tta_model = dict(type='AverageClsScoreTTA')
tta_pipeline = [
    to_float,
    dict(
        type='TestTimeAug',
        transforms=[
            [crop] * 4,
            [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)],
            [colour_pca] * 3,
            [dict(type='PackInputs')],
        ],
    ),
]

"""ImageNet 2012 as in ``imagenet_299x299.py``, but ``--tta`` averages the 144 crops of the Inception papers.

At four sizes: three squares along the longer side; of each square the corners, the centre and the square resized; each
with its mirror image. The crops are those of GoogLeNet (arXiv:1409.4842, Section 7), with its sizes of 256, 288, 320
and 352 pixels multiplied by 299/224 (our choice).
"""

_base_ = './imagenet_299x299.py'
PLACES = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='ResizeEdge', scale=scale, edge='short') for scale in (342, 384, 427, 470)],
            [dict(type='mmgb.CropAt', crop_size=None, place=(place, place)) for place in (0.0, 0.5, 1.0)],
            [
                *[dict(type='mmgb.CropAt', crop_size=299, place=place) for place in PLACES],
                dict(type='Resize', scale=(299, 299)),
            ],
            [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)],
            [dict(type='PackInputs')],
        ],
    ),
]

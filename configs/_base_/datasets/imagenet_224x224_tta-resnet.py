"""ImageNet 2012 as in ``imagenet_224x224.py``, but ``--tta`` tests whole images at the five sizes of the ResNet paper.

Shorter sides of 224, 256, 384, 480 and 640 pixels, scores averaged (Section 3.4 of arXiv:1512.03385).
"""

_base_ = './imagenet_224x224.py'
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='ResizeEdge', scale=scale, edge='short') for scale in (224, 256, 384, 480, 640)],
            [dict(type='PackInputs')],
        ],
    ),
]

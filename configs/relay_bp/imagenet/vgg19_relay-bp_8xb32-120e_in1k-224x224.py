# VGG-19 of Figure 2, on the right.
_base_ = [
    '../../_base_/models/relay_vgg19.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]
# Its fully connected layers want 7x7 cells: the five sizes are tested on their central crops.
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

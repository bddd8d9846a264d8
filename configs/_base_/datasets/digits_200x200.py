"""Scenes of handwritten digits in the layout of VOC, written by `tools/dataset_converters/make_digits_voc.py`."""

_base_ = './voc12_200x200.py'
dataset = dict(
    type='BaseSegDataset',
    data_root='data/digits/VOC2012',
    img_suffix='.jpg',
    seg_map_suffix='.png',
    reduce_zero_label=False,
    metainfo=dict(
        classes=('background', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'),
        palette=[
            [0, 0, 0],
            [128, 0, 0],
            [0, 128, 0],
            [128, 128, 0],
            [0, 0, 128],
            [128, 0, 128],
            [0, 128, 128],
            [128, 128, 128],
            [64, 0, 0],
            [192, 0, 0],
            [64, 128, 0],
        ],
    ),
)
# No flip: a mirrored digit is a different sign.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='Resize', scale=(200, 200), keep_ratio=False),
    dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline, **dataset))
val_dataloader = dict(dataset=dataset)
test_dataloader = val_dataloader

"""PASCAL VOC 2012 at 224x224 pixels with the augmented list of mmsegmentation, tested on the validation list of VOC.

The 10,582 training images are the training list of VOC and `aug.txt`.
"""

_base_ = './voc12sbd_224x224.py'
train = dict(
    type='PascalVOCDataset',
    data_root=_base_.data_root,
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
    ann_file='ImageSets/Segmentation/train.txt',
    pipeline=_base_.train_pipeline,
)
aug = dict(
    type='PascalVOCDataset',
    data_root=_base_.data_root,
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
    ann_file='ImageSets/Segmentation/aug.txt',
    pipeline=_base_.train_pipeline,
)
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=[train, aug]))
val_dataloader = dict(
    dataset=dict(data_prefix=dict(seg_map_path='SegmentationClass'), ann_file='ImageSets/Segmentation/val.txt')
)
test_dataloader = val_dataloader

"""Row S-40 on the test set of VOC 2012: tools/test.py writes its label images for the PASCAL server."""

_base_ = './pixelnet-vgg16_softmax_1xb5-40e_voc12sbd-224x224.py'
test_dataloader = dict(
    dataset=dict(
        data_prefix=dict(seg_map_path=''), ann_file='ImageSets/Segmentation/test.txt', pipeline=_base_.server_pipeline
    )
)
test_evaluator = dict(
    format_only=True, output_dir='work_dirs/pascal_server/S-40/results/VOC2012/Segmentation/comp6_test_cls'
)

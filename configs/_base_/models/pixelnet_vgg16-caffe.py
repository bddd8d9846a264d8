"""PixelNet on VGG-16, initialised from the converted Caffe weights of the release: BGR, its means, no scaling."""

_base_ = './pixelnet_vgg16.py'
data_preprocessor = dict(mean=[102.98, 115.95, 122.77], std=[1.0, 1.0, 1.0], bgr_to_rgb=False)
model = dict(
    data_preprocessor=data_preprocessor, backbone=dict(init_cfg=dict(checkpoint='data/pretrained/vgg16_caffe.pth'))
)

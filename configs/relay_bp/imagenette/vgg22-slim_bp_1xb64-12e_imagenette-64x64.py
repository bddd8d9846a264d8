"""VGG-22 of Table 1 of the Relay paper at an eighth of its width; everything else as vgg19-slim."""

_base_ = './vgg19-slim_bp_1xb64-12e_imagenette-64x64.py'
model = dict(backbone=dict(depth=22))

# Table 1, VGGNet-25, slim: no pyramid, VGG's last pool and standard backpropagation.
_base_ = './vgg19-slim_bp_1xb64-12e_imagenette-64x64.py'
model = dict(backbone=dict(depth=25))

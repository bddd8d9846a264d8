"""VGG-22 on Places2 with standard BP, Table 1 of the Relay paper; everything else as vgg19."""

_base_ = './vgg19_bp_8xb32-24e_places2-224x224.py'
model = dict(backbone=dict(depth=22))

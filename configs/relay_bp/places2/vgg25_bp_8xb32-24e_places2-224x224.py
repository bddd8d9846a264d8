# Table 1, VGGNet-25 on Places2: no pyramid, VGG's last pool and standard backpropagation.
_base_ = './vgg19_bp_8xb32-24e_places2-224x224.py'
model = dict(backbone=dict(depth=25))

# VGG-19 of Figure 2, on the left: mmpretrain's own model.
_base_ = './vgg19_relay-bp_8xb32-120e_in1k-224x224.py'
model = dict(_delete_=True, **_base_.model.model)

# ResNet-50, slim, without its auxiliary classifier: mmpretrain's own model.
_base_ = './resnet50-w8_relay-bp_1xb64-12e_imagenette-64x64.py'
model = dict(_delete_=True, **_base_.model.model)

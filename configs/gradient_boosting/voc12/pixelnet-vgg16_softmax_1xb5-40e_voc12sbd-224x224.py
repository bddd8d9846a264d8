# S-40
_base_ = './pixelnet-vgg16_softmax_1xb5-60e_voc12sbd-224x224.py'
train_cfg = dict(max_epochs=40)

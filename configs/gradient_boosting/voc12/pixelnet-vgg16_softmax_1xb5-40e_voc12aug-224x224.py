# S-40 on mmsegmentation's augmented list.
_base_ = './pixelnet-vgg16_softmax_1xb5-60e_voc12aug-224x224.py'
train_cfg = dict(max_epochs=40)

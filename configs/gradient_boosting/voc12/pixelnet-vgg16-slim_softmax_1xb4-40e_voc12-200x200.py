# S-40 for a CPU.
_base_ = './pixelnet-vgg16-slim_softmax_1xb4-60e_voc12-200x200.py'
train_cfg = dict(max_epochs=40)

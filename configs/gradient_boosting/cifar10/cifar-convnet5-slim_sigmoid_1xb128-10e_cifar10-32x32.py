# A modern baseline of the boosted losses: binary cross-entropy, each class on its own as with them, but of sigmoids.
# The host's loss takes class scores, which its preprocessor makes of the labels; the sum over the classes is averaged.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
data_preprocessor = dict(to_onehot=True)
model = dict(head=dict(loss=dict(use_sigmoid=True)))

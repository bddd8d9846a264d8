"""Binary cross-entropy on the slim five-layer CIFAR-10 network: a modern baseline of the boosted losses.

As with them, each class is on its own. The preprocessor turns labels into the class scores that the loss takes; the
sum over the classes is averaged. The learning rate is that of softmax.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
data_preprocessor = dict(to_onehot=True)
model = dict(head=dict(loss=dict(use_sigmoid=True)))

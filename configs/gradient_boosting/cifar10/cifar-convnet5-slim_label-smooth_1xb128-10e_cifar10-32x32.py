"""Softmax with label smoothing on the slim five-layer CIFAR-10 network: a modern baseline of the boosted losses.

Targets 0.01 and 0.91 replace 0 and 1: Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision,
Section 7. The learning rate is that of softmax.
"""

_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(loss=dict(_delete_=True, type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=10, mode='original'))
)

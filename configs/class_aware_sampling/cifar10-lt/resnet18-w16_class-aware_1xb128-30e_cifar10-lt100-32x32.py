"""Slim ResNet-18 on long-tailed CIFAR-10 with class-aware sampling (Section 5.1 of the Relay paper).

Everything but the sampler is the baseline's, and ours.
"""

_base_ = './resnet18-w16_default_1xb128-30e_cifar10-lt100-32x32.py'
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

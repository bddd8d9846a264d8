_base_ = './resnet18-w16_default_1xb128-30e_cifar10-lt100-32x32.py'
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

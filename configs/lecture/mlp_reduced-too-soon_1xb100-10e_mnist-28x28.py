"""Learning rate / 10 too soon, after one of ten epochs (warned of on page 4 of the lecture). The epoch is ours."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
param_scheduler = [dict(type='MultiStepLR', milestones=[1], gamma=0.1)]

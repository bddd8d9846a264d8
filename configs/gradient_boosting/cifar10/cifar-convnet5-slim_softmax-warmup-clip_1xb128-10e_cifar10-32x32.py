# Is boosting only a larger step? Warm-up and clipping bound the steps, and let any loss bear a higher rate.
# Softmax, with which pow3-GB under both is compared.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
optim_wrapper = dict(clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=200)]

"""Four epochs of the PixelNet schedule with one epoch of warm-up on 560 scenes of digits, four a step. Our choice."""

_base_ = './pixelnet_60e.py'
optim_wrapper = dict(optimizer=dict(lr=0.03))
param_scheduler = [dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=140)]
train_cfg = dict(max_epochs=4, val_interval=1)
auto_scale_lr = dict(base_batch_size=4)

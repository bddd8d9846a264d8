"""PixelNet schedule: SGD, learning rate / 10 every 100,000 iterations, biases at twice the rate and without decay.

Here an epoch reads the training list once. The release's list names every image ten times, and its epoch reads that
list once. The papers do not say which of the two their "40 epochs" are.
"""

optimizer = dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=optimizer, paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0)
)
param_scheduler = [dict(type='StepLR', step_size=100_000, gamma=0.1, by_epoch=False)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=60, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=5)

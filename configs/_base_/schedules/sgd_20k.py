"""20,000-iteration schedule of mmsegmentation: SGD with a polynomial learning rate decay."""

optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0005)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
param_scheduler = [dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, end=20_000, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20_000, val_interval=2000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=16)

"""Places2 schedule of the Relay paper: SGD, learning rate / 10 when the validation error stops falling.

The paper's text does not give the momentum, the patience (here 2 epochs of 31,600 steps) or the length. Limiting the
norm of the gradient is ours: see configs/relay_bp/places2/README.md.
"""

optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=5.0))
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.1, patience=2)]
train_cfg = dict(by_epoch=True, max_epochs=24, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=256)

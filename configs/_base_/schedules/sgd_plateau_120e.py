"""ImageNet schedule of the Relay paper: SGD, learning rate / 10 when the validation error stops falling.

The paper's text does not give the momentum, the patience (here 5 epochs) or the length. The length here is that of the
ResNet paper, 600,000 steps of 256 images.
"""

optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.1, patience=5)]
train_cfg = dict(by_epoch=True, max_epochs=120, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=256)

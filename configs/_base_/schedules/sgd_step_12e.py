"""Twelve-epoch SGD in the manner of the Relay paper, with learning rate / 10 after fixed epochs.

The learning rate is the paper's 0.01 for 256 images per step, scaled to 64. The paper's text does not give the momentum
or the epochs at which the learning rate falls.
"""

optimizer = dict(type='SGD', lr=0.0025, momentum=0.9, weight_decay=2e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
param_scheduler = [dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1)]
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=64)

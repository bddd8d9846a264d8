"""The Relay paper's schedule: plain SGD, the rate / 10 whenever the validation error stands still.

Not in its text: the momentum, when an error counts as standing still (here 5 epochs), and the length (here that of the
ResNet paper, 600,000 steps of 256 images).
"""

optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.1, patience=5)]
train_cfg = dict(by_epoch=True, max_epochs=120, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=256)

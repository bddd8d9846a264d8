"""Schedule of the ResNet paper: SGD from a learning rate of 0.1, / 10 when the validation error stops falling.

Learning rate, weight decay, momentum, batch of 256 and the 600,000 steps (120 epochs) are those of Section 3.4 of *Deep
Residual Learning for Image Recognition* (He et al., arXiv:1512.03385). The patience of 5 epochs is ours.
"""

optimizer = dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.1, patience=5)]
train_cfg = dict(by_epoch=True, max_epochs=120, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=256)

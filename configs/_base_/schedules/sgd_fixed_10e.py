"""Schedule of the gradient-boosting paper's Section 3: ten epochs of plain SGD at a fixed learning rate."""

optimizer = dict(type='SGD', lr=0.01)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=128)

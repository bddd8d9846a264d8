"""MNIST schedule of the gradient-boosting paper (Section 1.3): 100 epochs, fixed learning rate, no weight decay."""

optimizer = dict(type='SGD', lr=0.1)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer)
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=100)

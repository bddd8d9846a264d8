"""Schedule of the Inception-v3 paper with SGD instead of RMSProp: learning rate 0.045, x 0.94 every two epochs.

Learning rate, decay and the limit of 2 for the norm of the gradient are those of Section 8 of *Rethinking the Inception
Architecture for Computer Vision* (Szegedy et al., arXiv:1512.00567), and the momentum of 0.9 is that of its earlier
experiments. SGD is the Relay paper's (Section 5.2). Weight decay, batch of 256 and length are ours: the Inception-v3
paper gives no weight decay, and trained for 100 epochs with asynchronous batches of 32.
"""

optimizer = dict(type='SGD', lr=0.045, momentum=0.9, weight_decay=1e-4)
optim_wrapper = dict(type='OptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=2.0))
param_scheduler = [dict(type='StepLR', step_size=2, gamma=0.94, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs=120, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(enable=False, base_batch_size=256)

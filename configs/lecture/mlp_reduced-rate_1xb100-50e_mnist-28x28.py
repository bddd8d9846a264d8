"""Learning rate / 10 when the accuracy stops rising, at most three times, then early stopping (lecture, page 4)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
param_scheduler = [
    dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.1, patience=2, min_value=1e-4)
]
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='EarlyStoppingHook', monitor='accuracy/top1', rule='greater', min_delta=0.0, patience=12),
]
train_cfg = dict(max_epochs=50)

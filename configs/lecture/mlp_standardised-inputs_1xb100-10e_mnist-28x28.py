"""Inputs of zero mean and unit variance, each on its own (lecture, page 6)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
whiten = dict(type='mmgb.WhitenInputs', statistics='data/mnist/input_statistics.npz')
train_pipeline = [whiten, dict(type='PackInputs')]
test_pipeline = train_pipeline
data_preprocessor = dict(std=[1.0])
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

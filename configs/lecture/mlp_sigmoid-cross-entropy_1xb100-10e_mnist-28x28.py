"""Sigmoid outputs with cross-entropy, the recommendation of page 10 of the lecture."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
data_preprocessor = dict(to_onehot=True)
model = dict(head=dict(loss=dict(use_sigmoid=True)))

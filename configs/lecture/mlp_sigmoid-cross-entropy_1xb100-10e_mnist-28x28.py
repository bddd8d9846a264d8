# Sigmoid outputs with cross-entropy, which page 10 recommends instead.
_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
data_preprocessor = dict(to_onehot=True)
model = dict(head=dict(loss=dict(use_sigmoid=True)))

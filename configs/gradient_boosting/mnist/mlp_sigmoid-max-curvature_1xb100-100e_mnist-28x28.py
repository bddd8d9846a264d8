"""Sigmoid outputs of Table 1, targets where the activation's second derivative is largest.

The advice of LeCun et al. 2012, Section 4.5, which the paper quotes.
"""

_base_ = './mlp_sigmoid_1xb100-100e_mnist-28x28.py'
model = dict(head=dict(loss=dict(targets='max_curvature')))

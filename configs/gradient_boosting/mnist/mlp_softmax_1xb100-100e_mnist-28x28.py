"""Softmax on the MNIST network of Table 1, which leaves it out for its "miserable results".

The learning rate is tuned by us.
"""

_base_ = [
    '../../_base_/models/mlp.py',
    '../../_base_/datasets/mnist_28x28.py',
    '../../_base_/schedules/sgd_fixed_100e.py',
    '../../_base_/mmpretrain_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.5))

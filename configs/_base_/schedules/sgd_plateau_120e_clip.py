"""ImageNet schedule of the Relay paper for networks without batch norm; the limit on the gradient's norm is ours.

Without the limit VGG-16 diverges within ten steps of small batches (docs/recipes.md).
"""

_base_ = './sgd_plateau_120e.py'
optim_wrapper = dict(clip_grad=dict(max_norm=1.0))

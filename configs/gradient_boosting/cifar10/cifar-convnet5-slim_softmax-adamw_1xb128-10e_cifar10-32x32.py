# Is boosting only a larger step? AdamW cancels the scale of the gradients, not their direction.
# Softmax, with which the boosted losses under AdamW are compared.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.0))

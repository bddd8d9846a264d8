# The same network and losses, gradients unrestrained.
_base_ = './model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py'
model = dict(propagation='standard')
optim_wrapper = dict(optimizer=dict(lr=0.0025))

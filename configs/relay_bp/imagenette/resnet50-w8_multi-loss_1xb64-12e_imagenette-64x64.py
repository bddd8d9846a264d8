# The same network and losses, gradients unrestrained.
_base_ = './resnet50-w8_relay-bp_1xb64-12e_imagenette-64x64.py'
model = dict(propagation='standard')

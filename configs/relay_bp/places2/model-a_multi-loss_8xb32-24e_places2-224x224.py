# The same network and losses, gradients unrestrained.
_base_ = './model-a_relay-bp_8xb32-24e_places2-224x224.py'
model = dict(propagation='standard')

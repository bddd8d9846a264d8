# The same network and losses as in Figure 2, gradients unrestrained.
_base_ = './vgg19_relay-bp_8xb32-120e_in1k-224x224.py'
model = dict(propagation='standard')

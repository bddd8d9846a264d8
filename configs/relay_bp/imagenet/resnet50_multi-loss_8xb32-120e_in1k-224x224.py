# The same network and losses, gradients unrestrained: the baseline of Section 5, not in Table 6.
_base_ = './resnet50_relay-bp_8xb32-120e_in1k-224x224.py'
model = dict(propagation='standard')

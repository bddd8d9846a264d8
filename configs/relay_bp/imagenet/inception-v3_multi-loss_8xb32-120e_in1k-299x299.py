# Inception-v3 of Table 6, row "standard BP (re-implement)", which has its auxiliary loss there already.
_base_ = './inception-v3_relay-bp_8xb32-120e_in1k-299x299.py'
model = dict(propagation='standard')

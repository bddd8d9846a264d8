_base_ = './model-b_relay-bp_8xb32-24e_places2-224x224.py'
train_dataloader = dict(sampler=dict(_delete_=True, type='mmgb.ClassAwareSampler'))

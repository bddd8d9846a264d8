# Model A without its auxiliary classifier.
_base_ = './model-a_relay-bp_8xb32-24e_places2-224x224.py'
model = dict(_delete_=True, **_base_.model.model)

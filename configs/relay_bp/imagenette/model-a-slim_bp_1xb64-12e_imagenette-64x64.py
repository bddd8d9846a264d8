# Model A, slim, without its auxiliary classifier.
_base_ = './model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py'
model = dict(_delete_=True, **_base_.model.model)

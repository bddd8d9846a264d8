# ResNet-50 of Table 6, row "standard BP (re-implement)": mmpretrain's own model.
_base_ = './resnet50_relay-bp_8xb32-120e_in1k-224x224.py'
model = dict(_delete_=True, **_base_.model.model)

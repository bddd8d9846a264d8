"""ReLU hidden units with the LeCun initialisation of the base; relu-he has the matching one (lecture, page 12)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
model = dict(backbone=dict(act_cfg=dict(_delete_=True, type='ReLU')))

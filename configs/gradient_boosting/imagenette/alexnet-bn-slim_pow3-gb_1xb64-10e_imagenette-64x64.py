# pow3-GB, which "did not work well" on ImageNet; its settings are those of Figure 1a.
_base_ = ['./alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.001))

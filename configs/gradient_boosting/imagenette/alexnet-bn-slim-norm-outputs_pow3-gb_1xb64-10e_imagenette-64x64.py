# pow3-GB on normalised outputs, which have to grow from 1 to their fit at 21 first.
_base_ = ['./alexnet-bn-slim-norm-outputs_softmax_1xb64-10e_imagenette-64x64.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.004))

# pow3-GB on normalised outputs, which have to grow from 1 to their fit at 21 first.
_base_ = ['./mlp-norm-outputs_softmax_1xb100-100e_mnist-28x28.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.02))

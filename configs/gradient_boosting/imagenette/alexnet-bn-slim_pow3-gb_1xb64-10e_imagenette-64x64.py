"""pow3-GB with the slim AlexNet on ten classes of ImageNet.

It "did not work well" on the paper's 1,000 classes. Settings of Figure 1a, learning rate tuned by us.
"""

_base_ = ['./alexnet-bn-slim_softmax_1xb64-10e_imagenette-64x64.py', '../../_base_/losses/pow3-gb.py']
model = dict(head=dict(type='mmgb.BoostedLinearClsHead', loss=dict(_base_.pow3_gb, _delete_=True)))
optim_wrapper = dict(optimizer=dict(lr=0.001))

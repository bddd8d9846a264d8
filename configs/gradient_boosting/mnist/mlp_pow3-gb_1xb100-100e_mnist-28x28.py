# Not in the paper: pow3-GB with the settings of Figure 1a on the network of Table 1.
_base_ = './mlp_softmax_1xb100-100e_mnist-28x28.py'
model = dict(head=dict(
    type='mmgb.BoostedLinearClsHead',
    loss=dict(_delete_=True, type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0., 10.))))
optim_wrapper = dict(optimizer=dict(lr=0.02))

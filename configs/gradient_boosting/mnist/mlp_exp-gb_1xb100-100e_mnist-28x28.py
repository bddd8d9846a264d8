# Not in the paper: exp-GB with the settings of Figure 1a on the network of Table 1.
_base_ = './mlp_softmax_1xb100-100e_mnist-28x28.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.02))

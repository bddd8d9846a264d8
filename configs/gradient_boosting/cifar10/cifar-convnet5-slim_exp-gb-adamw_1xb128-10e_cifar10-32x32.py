# Is boosting only a larger step? AdamW cancels the scale of the gradients, not their direction.
# exp-GB: what it gains over softmax here, it doesn't gain by the scale of its gradients.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_delete_=True, type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    )
)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001, weight_decay=0.0))

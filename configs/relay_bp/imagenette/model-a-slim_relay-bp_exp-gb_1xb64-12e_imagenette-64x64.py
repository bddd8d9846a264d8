# The two papers together: relay backpropagation with boosted heads, alpha and targets those of exp-GB on ImageNet.
_base_ = './model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py'
boosted = dict(type='mmgb.ExpGBLoss', alpha=0.01, targets=(0.0, 10.0))
auxiliary = _base_.model.auxiliaries[0]
# Both output layers start near the classes' prior: with He initialisation a few scores are so large that their
# exponentials are a loss of thousands.
small = dict(type='Normal', std=0.01)
prior = dict(type='mmgb.FitPrior', layer='fc')
model = dict(
    model=dict(
        head=dict(
            type='mmgb.BoostedLinearClsHead',
            init_cfg=[dict(small, layer='Linear'), prior],
            loss=dict(_delete_=True, **boosted),
        )
    ),
    auxiliaries=[
        dict(
            auxiliary,
            head=dict(
                auxiliary.head,
                loss=boosted,
                init_cfg=[
                    dict(type='Kaiming', layer=['Conv2d', 'Linear'], mode='fan_in', override=dict(small, name='fc')),
                    prior,
                ],
            ),
        )
    ],
)
# A tenth of softmax's rate, as in the gradient-boosting paper's Table 2; the longest step stays what it is.
optim_wrapper = dict(optimizer=dict(lr=0.000125), clip_grad=dict(max_norm=50.0))

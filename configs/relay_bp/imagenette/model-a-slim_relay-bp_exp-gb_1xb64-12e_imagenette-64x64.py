"""Slim model A with Relay BP and exp-GB in both heads: the two papers together.

alpha and targets are the gradient-boosting paper's for ImageNet; initialisation and clipping are ours.
"""

_base_ = [
    '../../_base_/models/places2_model-a-slim_multi-loss.py',
    '../../_base_/datasets/imagenette_64x64.py',
    '../../_base_/schedules/sgd_step_12e.py',
    '../../_base_/mmpretrain_runtime.py',
]
boosted = dict(type='mmgb.ExpGBLoss', alpha=0.01, targets=(0.0, 10.0))
auxiliary = _base_.model.auxiliaries[0]
# Both output layers start near the class prior. With He initialisation, the exponentials of a few large scores make a
# loss of thousands.
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
    propagation='relay',
)
# A tenth of the learning rate of softmax, as in Table 2 of the gradient-boosting paper, and a limit ten times
# as high for the norm of the gradient: the longest step is the same.
optim_wrapper = dict(optimizer=dict(lr=0.000125), clip_grad=dict(max_norm=50.0))

"""pow3-GB on the slim five-layer CIFAR-10 network, initialised at the class prior.

Not in the paper. exp-GB starts there with alpha=1.6: see docs/losses.md.
"""

_base_ = ['./cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py', '../../_base_/losses/pow3-gb.py']
model = dict(
    head=dict(
        type='mmgb.BoostedLinearClsHead',
        loss=dict(_base_.pow3_gb, _delete_=True),
        init_cfg=[dict(type='Normal', layer='Linear', std=0.01), dict(type='mmgb.FitPrior', layer='fc')],
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.004))

# pow3-GB from the classes' prior on. (exp-GB starts there with alpha=1.6: see docs/losses.md.)
_base_ = './cifar-convnet5-slim_pow3-gb_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(init_cfg=[dict(type='Normal', layer='Linear', std=0.01), dict(type='mmgb.FitPrior', layer='fc')])
)

"""Configs of the lecture: initialisations, hidden units and schedules do what the file names say."""

import pytest
import torch
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

LECTURE = CONFIGS / 'lecture'


def read(trick):
    (path,) = LECTURE.glob(f'mlp_{trick}_*.py')
    return Config.fromfile(path)


def build(trick):
    cfg = read(trick)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(dict(cfg.model, data_preprocessor=dict(cfg.data_preprocessor)))
    model.init_weights()
    return model


@pytest.mark.parametrize(
    'trick, variance',
    [
        ('base', lambda n_in, n_out: 1 / n_in),
        ('fan-in-uniform', lambda n_in, n_out: 1 / n_in),
        ('fan-out', lambda n_in, n_out: 1 / n_out),
        ('he', lambda n_in, n_out: 2 / n_in),
        ('relu-he', lambda n_in, n_out: 2 / n_in),
        ('glorot', lambda n_in, n_out: 2 / (n_in + n_out)),
        ('glorot-uniform', lambda n_in, n_out: 2 / (n_in + n_out)),
        ('torch-uniform', lambda n_in, n_out: 1 / (3 * n_in)),
    ],
)
def test_initial_weights_have_the_variance_of_the_rule(trick, variance):
    layers = [module for module in build(trick).modules() if isinstance(module, torch.nn.Linear)]
    assert [layer.weight.shape for layer in layers] == [(392, 784), (50, 392), (10, 50)]
    for layer in layers:
        n_out, n_in = layer.weight.shape
        # The sample variance of n normal weights has a relative standard deviation of sqrt(2 / n).
        tolerance = 4 * (2 / layer.weight.numel()) ** 0.5
        assert layer.weight.var().item() == pytest.approx(variance(n_in, n_out), rel=tolerance)
        assert (layer.bias == 0).all()


@pytest.mark.parametrize(
    'trick, bound',
    [
        ('fan-in-uniform', lambda n_in, n_out: (3 / n_in) ** 0.5),
        ('glorot-uniform', lambda n_in, n_out: (6 / (n_in + n_out)) ** 0.5),
        ('torch-uniform', lambda n_in, n_out: n_in**-0.5),
    ],
)
def test_uniform_weights_fill_their_interval(trick, bound):
    weight = build(trick).backbone.stages[0][1].weight
    limit = bound(784, 392)
    assert 0.999 * limit < weight.abs().max() <= limit


@pytest.mark.parametrize(
    'trick, function',
    [
        ('base', torch.tanh),
        ('logistic', lambda x: 1 / (1 + (-x).exp())),
        ('piecewise-linear-tanh', lambda x: x.clamp(-1, 1)),
        ('scaled-tanh', lambda x: 1.7159 * torch.tanh(2 * x / 3)),
        ('relu', lambda x: x.clamp(min=0)),
        ('leaky-relu', lambda x: torch.where(x > 0, x, 0.1 * x)),
        ('elu', lambda x: torch.where(x > 0, x, x.exp() - 1)),
    ],
)
def test_hidden_units_compute_the_named_function(trick, function):
    backbone = build(trick).eval().backbone
    images = torch.randn(4, 1, 28, 28)
    weight, bias = backbone.stages[0][1].weight, backbone.stages[0][1].bias
    assert torch.allclose(backbone.stages[0](images), function(images.flatten(1) @ weight.T + bias), atol=1e-5)


def test_learning_rate_falls_tenfold_at_most_three_times_before_training_stops():
    cfg = read('reduced-rate')
    (schedule,) = cfg.param_scheduler
    rate = cfg.optim_wrapper.optimizer.lr
    assert schedule.type == 'ReduceOnPlateauLR' and schedule.factor == 0.1
    assert schedule.min_value == pytest.approx(rate / 10**3)
    stop = next(hook for hook in cfg.custom_hooks if hook.type == 'EarlyStoppingHook')
    # The learning rate falls in the epoch after `patience`: three times, and the last value is kept as long.
    assert stop.patience == 4 * (schedule.patience + 1) and stop.monitor == schedule.monitor


@pytest.mark.parametrize('path', sorted(LECTURE.glob('mlp_*.py')), ids=lambda path: path.stem)
def test_one_setting_differs_from_the_base(path):
    cfg, base = Config.fromfile(path).to_dict(), read('base').to_dict()
    derived = {
        'init_cfg',
        'whiten',
        'tta_model',
        'tta_pipeline',
        'train_dataloader',
        'val_dataloader',
        'test_dataloader',
    }  # helper variables, and the dataloaders that contain the pipelines
    differing = {key for key in cfg.keys() | base.keys() if cfg.get(key) != base.get(key)} - derived
    settings = [
        {'model'},
        {'model', 'data_preprocessor'},
        {'train_pipeline'},
        {'train_pipeline', 'test_pipeline', 'data_preprocessor'},
        {'param_scheduler'},
        {'param_scheduler', 'custom_hooks', 'train_cfg'},
    ]
    assert differing in settings or ('base' in path.stem and not differing)

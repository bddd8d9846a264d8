"""Probabilities, their inverse and regression targets of the losses that have a formula."""

import importlib

import pytest
import torch
from mmpretrain.registry import MODELS

CONFIGS = {
    'exp': dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    'exp from above 0': dict(type='mmgb.ExpGBLoss', alpha=0.05, targets=(1.0, 9.0)),
    'pow3': dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(-2.0, 10.0)),
    'mirrored': dict(type='mmgb.MirroredExpGBLoss', alpha=0.1, beta=0.2, targets=(-3.0, 16.0)),
    'linear': dict(type='mmgb.SquaredErrorLoss', targets='symmetric'),
    'sigmoid': dict(type='mmgb.SquaredErrorLoss', activation='sigmoid', targets='max_curvature'),
    'tanh': dict(type='mmgb.SquaredErrorLoss', activation='tanh', targets=(-0.9, 0.9)),
}


MATCHED = [dict(type='mmgb.ExpGBLoss', matched=True), dict(type='mmgb.Pow3GBLoss', matched=True)]


@pytest.fixture(params=CONFIGS)
def loss(request):
    return MODELS.build(CONFIGS[request.param])


@pytest.mark.parametrize('probability', [0.2, 0.5, 0.85])
def test_the_expected_gradient_vanishes_at_the_score_of_a_probability(loss, probability):
    """The losses are proper: the expected loss of a class of this probability is least at its score."""
    score = loss.score_of(probability)
    scores = torch.full((1, 1), score, dtype=torch.float64, requires_grad=True)
    expected_loss = probability * loss(scores, torch.ones(1, 1).double()) + (1 - probability) * loss(
        scores, torch.zeros(1, 1).double()
    )
    (gradient,) = torch.autograd.grad(expected_loss, scores)
    assert gradient.item() == pytest.approx(0, abs=1e-10)
    assert loss.probabilities(scores).item() == pytest.approx(probability, abs=1e-12)


def test_probabilities_are_clamped_and_keep_the_shape(loss):
    scores = torch.linspace(-50, 50, 24).view(2, 3, 4)
    probabilities = loss.probabilities(scores)
    assert probabilities.shape == scores.shape and probabilities.min() >= 0 and probabilities.max() <= 1


@pytest.mark.parametrize('config', MATCHED)
@pytest.mark.parametrize('shape', [(4, 5), (4, 5, 2), (4, 1)])
def test_matched_probabilities_depend_on_the_number_of_outputs(config, shape):
    loss, classes = MODELS.build(config), max(2, shape[1])
    scores = torch.zeros(shape, dtype=torch.float64)
    torch.testing.assert_close(loss.probabilities(scores), torch.full_like(scores, 1 / classes))
    for probability in (0.2, 0.85):
        scores.fill_(loss.score_of(probability, num_classes=shape[1]))
        torch.testing.assert_close(loss.probabilities(scores), torch.full_like(scores, probability))
        target = torch.full_like(scores, probability)
        assert loss(scores, target).item() == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match='num_classes=None: expected the number of outputs'):
        loss.score_of(0.5)


@pytest.mark.parametrize('config', MATCHED)
def test_settings_that_cannot_be_matched_are_refused_when_built(config):
    with pytest.raises(ValueError, match="matched=True with target_kind='value'"):
        MODELS.build(dict(config, target_kind='value'))
    with pytest.raises(ValueError, match="matched='yes': expected True or False"):
        MODELS.build(dict(config, matched='yes'))
    with pytest.raises(ValueError, match='matched=True: expected False with this loss'):
        MODELS.build(dict(type='mmgb.MirroredExpGBLoss', matched=True))
    loss = MODELS.build(config)
    assert loss.formula_for(10) == loss.formula.matched(10) != loss.formula
    assert MODELS.build(dict(type=config['type'])).formula_for(10) == MODELS.build(dict(type=config['type'])).formula


def test_a_linear_model_trained_with_a_loss_estimates_the_frequencies():
    """For two inputs with class frequencies (0.7, 0.3, 0) and (0.2, 0.2, 0.6)."""
    frequencies = torch.tensor([[0.7, 0.3, 0.0], [0.2, 0.2, 0.6]])
    loss = MODELS.build(CONFIGS['pow3'])
    scores = torch.full((2, 3), 5.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([scores], max_iter=500, line_search_fn='strong_wolfe')

    def closure():
        optimizer.zero_grad()
        value = sum(
            (frequencies[:, c] * loss(scores, torch.full((2,), c), reduction_override='none')).sum() for c in range(3)
        )
        value.backward()
        return value

    optimizer.step(closure)
    assert torch.allclose(loss.probabilities(scores), frequencies, atol=1e-3)


def test_the_boosted_output_predicts_real_valued_targets():
    """The convex loss has its minimum where the boosted output equals the value."""
    values = torch.tensor([[0.5, 3.0], [7.0, 12.0]])
    loss = MODELS.build(dict(type='mmgb.ExpGBLoss', alpha=1.0, target_kind='value'))
    scores = torch.zeros(2, 2, requires_grad=True)
    optimizer = torch.optim.LBFGS([scores], max_iter=200, line_search_fn='strong_wolfe')

    def closure():
        optimizer.zero_grad()
        value = loss(scores, values)
        value.backward()
        return value

    optimizer.step(closure)
    assert torch.allclose(loss.formula.output(scores), values, rtol=1e-3)


def test_an_unknown_target_kind_is_refused_when_built():
    with pytest.raises(ValueError, match="target_kind='real': expected 'class' or 'value'"):
        MODELS.build(dict(type='mmgb.ExpGBLoss', target_kind='real'))


@pytest.mark.parametrize(
    'name, settings',
    [
        ('exp_gb', dict(alpha=0.2, targets=(0.5, 6.0), max_delta=3.0, fused=False)),
        ('pow3_gb', dict(alpha=0.02, beta=0.1, targets=(-2.0, 6.0), max_delta=3.0, fused=False)),
        ('mirrored_exp_gb', dict(alpha=0.2, beta=0.1, targets=(-2.0, 6.0))),
        ('squared_error', dict(activation='tanh', targets=(-0.5, 0.5))),
    ],
)
def test_each_loss_passes_its_settings_to_its_function(monkeypatch, name, settings):
    module, calls = importlib.import_module(f'mmgb.models.losses.{name}'), []
    monkeypatch.setattr(module, f'{name}_loss', lambda *args, **options: calls.append(options) or torch.zeros(()))
    types = dict(
        exp_gb='ExpGBLoss', pow3_gb='Pow3GBLoss', mirrored_exp_gb='MirroredExpGBLoss', squared_error='SquaredErrorLoss'
    )
    loss = MODELS.build(dict(type=f'mmgb.{types[name]}', target_kind='value', **settings))
    loss(torch.zeros(1, 2), torch.zeros(1, 2))
    (options,) = calls
    assert settings.items() <= options.items() and options['target_kind'] == 'value'

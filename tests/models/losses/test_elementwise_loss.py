"""What every registered loss has: probabilities, their inverse, regression targets, the settings of a config."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmgb.functional import exp_gb_loss
from mmgb.functional.losses.mirrored_exp_gb import mirrored_exp_gb_loss
from mmgb.functional.losses.squared_error import squared_error_loss

CONFIGS = {
    'exp': dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    'exp from above 0': dict(type='mmgb.ExpGBLoss', alpha=0.05, targets=(1.0, 9.0)),
    'pow3': dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(-2.0, 10.0)),
    'mirrored': dict(type='mmgb.MirroredExpGBLoss', alpha=0.1, beta=0.2, targets=(-3.0, 16.0)),
    'linear': dict(type='mmgb.SquaredErrorLoss', targets='symmetric'),
    'sigmoid': dict(type='mmgb.SquaredErrorLoss', activation='sigmoid', targets='max_curvature'),
    'tanh': dict(type='mmgb.SquaredErrorLoss', activation='tanh', targets=(-0.9, 0.9)),
}


@pytest.fixture(params=CONFIGS)
def loss(request):
    return MODELS.build(CONFIGS[request.param])


@pytest.mark.parametrize('probability', [0.2, 0.5, 0.85])
def test_score_of_a_probability_is_where_the_expected_gradient_vanishes(loss, probability):
    """Properness: the loss of scores for a class that is right with this probability is least at its score."""
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


def test_a_linear_model_trained_with_a_loss_estimates_the_frequencies():
    """Two inputs with class frequencies (0.7, 0.3, 0) and (0.2, 0.2, 0.6): the fitted outputs give them back."""
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


def test_real_valued_targets_are_predicted_by_the_boosted_output():
    """Least squares would give each point its value, and so does a convex loss with its minimum there."""
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
    assert torch.allclose(loss.form.output(scores), values, rtol=1e-3)


@pytest.mark.parametrize(
    'name, function, settings',
    [
        ('mmgb.MirroredExpGBLoss', mirrored_exp_gb_loss, {}),
        ('mmgb.SquaredErrorLoss', squared_error_loss, dict(activation='tanh', targets='symmetric')),
        ('mmgb.ExpGBLoss', exp_gb_loss, dict(fused=False)),
    ],
)
def test_registered_losses_equal_their_functions(name, function, settings):
    torch.manual_seed(0)
    scores, labels = torch.randn(4, 5), torch.tensor([0, 255, 3, 4])
    loss = MODELS.build(dict(type=name, ignore_index=255, loss_weight=0.3, **settings))
    assert loss(scores, labels) == pytest.approx(0.3 * function(scores, labels, ignore_index=255, **settings).item())


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(type='mmgb.SquaredErrorLoss', activation='relu'), "activation='relu'"),
        (dict(type='mmgb.SquaredErrorLoss', targets='max_curvature'), "targets='max_curvature'"),
        (dict(type='mmgb.MirroredExpGBLoss', beta=math.inf), 'beta=inf'),
        (dict(type='mmgb.ExpGBLoss', target_kind='real'), "target_kind='real'"),
        (dict(type='mmgb.ExpGBLoss', max_delta=0), 'max_delta=0'),
    ],
)
def test_bad_settings_are_refused_when_built(setting, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(setting)

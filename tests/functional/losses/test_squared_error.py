"""Squared error of linear, sigmoid and tanh outputs, against PyTorch's own operations."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from mmgb.functional.losses.squared_error import SquaredError, resolve_targets, squared_error_loss

ACTIVATIONS = {'linear': lambda x: x, 'sigmoid': torch.sigmoid, 'tanh': torch.tanh}


@pytest.mark.parametrize('activation', ACTIVATIONS)
def test_equals_half_the_squared_distance_to_the_targets_in_value_and_gradients(activation):
    torch.manual_seed(0)
    scores = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(4, (6,))
    targets = (0.1, 0.8)
    t = torch.full((6, 4), 0.1, dtype=torch.float64)
    t[range(6), labels] = 0.8
    expected = ((ACTIVATIONS[activation](scores) - t) ** 2).sum(1).mean() / 2
    loss = squared_error_loss(scores, labels, activation=activation, targets=targets)
    assert torch.allclose(loss, expected, rtol=1e-12)
    gradients = (torch.autograd.grad(value, scores)[0] for value in (loss, expected))
    assert torch.allclose(*gradients, rtol=1e-12, atol=1e-14)

    def scaled(x):
        return -3 * squared_error_loss(x, labels, activation=activation, targets=targets)

    assert gradcheck(scaled, scores) and gradgradcheck(scaled, scores)


@pytest.mark.parametrize('activation', ['sigmoid', 'tanh'])
def test_max_curvature_targets_are_where_the_second_derivative_is_largest(activation):
    x = torch.linspace(-4, 4, 80001, dtype=torch.float64, requires_grad=True)
    y = ACTIVATIONS[activation](x)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    expected = sorted((y[second.argmax()].item(), y[second.argmin()].item()))
    assert resolve_targets(activation, 'max_curvature') == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize('name, expected', [('unit', (0.0, 1.0)), ('symmetric', (-1.0, 1.0))])
def test_named_targets(name, expected):
    assert resolve_targets('linear', name) == expected


@pytest.mark.parametrize('activation, value', [('linear', -2.5), ('sigmoid', 0.3), ('tanh', -0.7)])
def test_fit_is_where_the_delta_vanishes(activation, value):
    formula = SquaredError(activation, (0.0, 0.5))
    score = torch.tensor(formula.fit(value), dtype=torch.float64)
    assert formula.delta(score, torch.tensor(value, dtype=torch.float64)).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    'activation, targets, message',
    [
        ('softmax', (0, 1), "activation='softmax': expected one of linear, sigmoid, tanh"),
        ('linear', 'max_curvature', "targets='max_curvature': with linear outputs .* unit, symmetric"),
        ('sigmoid', 'symmetric', r'targets=\(-1, 1\): expected numbers from 0 to 1, the range of sigmoid outputs'),
        ('tanh', (0, 2), r'targets=\(0, 2\): expected numbers from -1 to 1'),
        ('tanh', (1, 0), r'targets=\(1, 0\): expected finite numbers'),
        ('linear', (0, math.inf), 'expected finite numbers'),
    ],
)
def test_invalid_settings_are_named(activation, targets, message):
    with pytest.raises(ValueError, match=message):
        squared_error_loss(torch.zeros(1, 2), torch.tensor([0]), activation=activation, targets=targets)

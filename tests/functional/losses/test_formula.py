"""Fit, potential, clipping and probabilities of all formulas."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, make_case, paper_delta, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss, pow3_gb_loss, squared_error_loss, squentropy_loss
from mmgb.functional.losses import formula as formula_module
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.squared_error import SquaredError

FORMULAS = [
    ExpGB(0.1, (0.0, 16.0)),
    ExpGB(0.1, (0.5, 6.0), max_delta=2.0),
    Pow3GB(0.001, 0.4, (-2.0, 10.0)),
    MirroredExpGB(0.1, 0.3, (-1.0, 16.0)),
    SquaredError('linear', (-1.0, 1.0)),
    SquaredError('sigmoid', (0.1, 0.9)),
]


@pytest.mark.parametrize('formula', FORMULAS)
@pytest.mark.parametrize('probability', [0.1, 0.5, 0.9])
def test_at_the_score_of_a_probability_the_expected_delta_is_0(formula, probability):
    score = torch.tensor(formula.score_of(probability), dtype=torch.float64)
    of_wrong_class, of_target_class = (formula.delta(score, t).item() for t in formula.targets)
    assert (1 - probability) * of_wrong_class + probability * of_target_class == pytest.approx(0, abs=1e-12)
    assert formula.probabilities(score).item() == pytest.approx(probability, rel=1e-12)


@pytest.mark.parametrize('formula', FORMULAS)
def test_probabilities_are_clamped_to_the_unit_interval(formula):
    probabilities = formula.probabilities(torch.tensor([-50.0, 50.0]))
    assert probabilities.min() >= 0 and probabilities.max() <= 1


@pytest.mark.parametrize('formula', FORMULAS)
def test_delta_is_the_derivative_of_the_potential(formula):
    scores, step = torch.linspace(-3, 3, 20, dtype=torch.float64), 1e-5  # without 0, where the mirrored one has a kink
    for t in formula.targets:
        slope = (formula.potential(scores + step, t) - formula.potential(scores - step, t)) / (2 * step)
        torch.testing.assert_close(formula.delta(scores, t), slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize('formula', FORMULAS)
def test_for_values_keeps_the_settings_and_uses_class_scores_as_targets(formula):
    regression = formula.for_values()
    assert regression.targets == (0.0, 1.0) and type(regression) is type(formula)
    values = torch.tensor([0.25, 0.75])
    assert torch.equal(regression.target_of(values), values)
    assert torch.equal(regression.output(values), formula.output(values))


def exact_value(loss, setting, x, t):
    """Return the integral of the paper's delta from the fit to x: an independent reference for the potential."""
    if loss is exp_gb_loss:
        if t == 0:
            return setting['alpha'] * math.exp(x)
        fit = math.log(t / setting['alpha'])
    else:
        cube = (t - setting['beta']) / setting['alpha']
        fit = math.copysign(abs(cube) ** (1 / 3), cube)
    # Gauss-Legendre with 40 nodes is exact to rounding for these smooth integrands on short intervals.
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(40))
    middle, half = (x + fit) / 2, (x - fit) / 2
    return (paper_delta(loss, middle + half * nodes, t) * weights).sum().item() * half


@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=200)
@given(x=st.floats(-12, 12), share=st.floats(0, 1))
def test_value_is_the_integral_of_the_delta_from_the_fit(loss, setting, x, share):
    negative, positive = setting['targets']
    scores = torch.tensor([[x]], dtype=torch.float64)
    value = loss(scores, torch.tensor([[share]], dtype=torch.float64), **setting).item()
    assert value >= 0
    t = negative + (positive - negative) * share
    if t > 1e-6 or loss is pow3_gb_loss:
        assert value == pytest.approx(exact_value(loss, setting, x, t), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_value_is_zero_at_the_fit_and_positive_beside_it(loss, setting, dtype):
    positive = setting['targets'][1]
    if loss is exp_gb_loss:
        fit = math.log(positive / setting['alpha'])
    else:
        fit = ((positive - setting['beta']) / setting['alpha']) ** (1 / 3)
    target = torch.ones(1, 1, dtype=dtype)
    spacing = torch.finfo(dtype).eps * fit  # the fit is rounded to a floating-point number, by half of this
    assert loss(torch.tensor([[fit]], dtype=dtype), target, **setting).item() <= positive * spacing**2
    for distance in (1e-3, 1e-2, 0.1, 1.0, 10.0):
        for sign in (-1, 1):
            assert loss(torch.tensor([[fit + sign * distance]], dtype=dtype), target, **setting).item() > 0


@pytest.mark.parametrize('formula', [ExpGB(0.1, (0.0, 16.0)), Pow3GB(0.001, 0.4, (-2.0, 10.0))])
@settings(max_examples=100)
@given(seed=st.integers(0, 2**31), log_distance=st.floats(-6, 1))
def test_float32_is_accurate_near_the_fit(formula, seed, log_distance):
    generator = torch.Generator().manual_seed(seed)
    t = formula.target_of(torch.rand(64, generator=generator).clamp(min=0.01)).double()
    if isinstance(formula, ExpGB):
        fit = (t / formula.alpha).log()
    else:
        cube = (t - formula.beta) / formula.alpha
        fit = cube.sign() * cube.abs() ** (1 / 3)
    x = (fit + 10**log_distance * torch.randn(64, generator=generator)).float()
    t32 = t.float()
    value = formula.potential(x, t32).double().sum()
    reference = formula.potential(x.double(), t32.double()).sum()
    assert abs(value - reference) <= 1e-6 * reference


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'class scores'])
@pytest.mark.parametrize('max_delta', [0.5, 5.0, 20.0])
def test_max_delta_clips_the_gradient_of_the_value(loss, setting, soft, max_delta):
    scores, target, _, _ = make_case(6, soft)
    with torch.no_grad():
        scores[:, 0] *= 10  # beyond the bounds on both sides
    options = dict(ignore_index=None if soft else IGNORE, reduction='sum', **setting)
    (free,) = torch.autograd.grad(loss(scores, target, **options), scores)
    (clipped,) = torch.autograd.grad(loss(scores, target, max_delta=max_delta, **options), scores)
    assert free.abs().max() > max_delta
    assert torch.allclose(clipped, free.clamp(-max_delta, max_delta), rtol=1e-12, atol=1e-12)
    assert gradcheck(lambda x: loss(x, target, max_delta=max_delta, **options), scores)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [False, True])
def test_max_delta_keeps_the_loss_of_enormous_scores_finite(loss, setting, fused):
    scores = torch.tensor([[1e6, 5e9, -1e9], [3e9, 1.0, -7e9]], requires_grad=True)
    value = loss(scores, torch.tensor([0, 1]), max_delta=2.0, fused=fused, **setting)
    value.backward()
    assert torch.isfinite(value) and scores.grad.abs().max() == 1  # 2, averaged over two samples


class RefuseFloat64(TorchDispatchMode):
    """Fail where a float64 tensor is made, as a device without that type does."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **kwargs or {})
        for result in found if isinstance(found, (tuple, list)) else [found]:
            assert not isinstance(result, torch.Tensor) or result.dtype != torch.float64, function
        return found


@pytest.mark.parametrize(
    'loss, options, soft',
    [
        (loss, options, soft)
        for loss, options in [
            (exp_gb_loss, {}),
            (exp_gb_loss, dict(max_delta=5.0)),
            (pow3_gb_loss, {}),
            (pow3_gb_loss, dict(max_delta=5.0)),
            (mirrored_exp_gb_loss, {}),
            (squared_error_loss, dict(activation='tanh')),
            (squentropy_loss, {}),
        ]
        for soft in (False, True)
        if not (soft and loss is squentropy_loss)  # it takes labels only
    ],
)
def test_a_device_without_float64_is_given_none(monkeypatch, loss, options, soft):
    scores = 3 * torch.randn(8, 5)
    target = torch.rand(8, 5) if soft else torch.randint(5, (8,))
    options = dict(options, class_weight=torch.rand(5), weight=torch.rand(8))
    expected, expected_gradient = value_and_gradient('formula', loss, scores, target, **options)
    monkeypatch.setattr(formula_module, 'WITHOUT_FLOAT64', ('cpu',))
    with RefuseFloat64():
        found, gradient = value_and_gradient('formula', loss, scores, target, **options)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    'formula',
    [
        ExpGB(0.1, (0.0, 16.0)),
        ExpGB(0.1, (0.5, 16.0)),
        Pow3GB(0.001, 0.4, (-2.0, 10.0)),
        replace(Pow3GB(0.001, 0.4, (-2.0, 10.0)).matched(21), max_delta=None),
        SquaredError('linear', (-1.0, 1.0)),
    ],
)
def test_a_formula_with_a_degree_gives_its_potential_by_the_delta(formula):
    x = torch.linspace(-9, 9, 31, dtype=torch.float64)
    for target in formula.targets:
        a, b, c, d = formula.potential_by_delta(target)
        found = a + b * x + (c + d * x) * formula.delta(x, target)
        torch.testing.assert_close(found, formula.potential(x, target), rtol=1e-11, atol=1e-11)
    assert formula.degree is not None


def test_clipping_keeps_the_degree_and_a_formula_not_linear_in_the_target_has_none():
    formulas = ExpGB(0.1, (0.0, 16.0), 5.0), Pow3GB(0.001, 0.4, (0.0, 10.0), 5.0), SquaredError('tanh', (-0.5, 0.5))
    assert [formula.degree for formula in formulas] == [math.inf, 4, None]

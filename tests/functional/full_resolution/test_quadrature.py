"""The sum of the potentials of all enlarged scores by quadrature."""

import math

import pytest
import torch
from helpers.enlarged_cases import cases, enlarge
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.full_resolution import quadrature
from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.full_resolution.quadrature import extreme_weights, label_free_part
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB


def reference(potential, case, weight):
    """Return the weighted sum over the enlarged scores and its gradient."""
    scores = case.scores.clone().requires_grad_()
    total = (potential(enlarge(scores, case)) * weight.unsqueeze(1)).sum()
    return total.detach(), torch.autograd.grad(total, scores)[0]


@settings(deadline=None, max_examples=30)
@given(cases(), st.booleans())
def test_a_quartic_is_summed_exactly_with_any_weights(case, weighted):
    weight = (case.labels != 255).double()
    if weighted:
        weight = weight * torch.rand(weight.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gradient = torch.zeros_like(case.scores)
    axes = enlarged_axes(case.scores, case.size, case.align_corners)
    formula = Pow3GB(0.01, 0.3, (0.3, 5.0))
    total = label_free_part(formula, case.scores, weight, axes, gradient)
    expected, slope = reference(lambda x: 0.01 / 4 * x**4, case, weight)
    torch.testing.assert_close(total, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=1e-12 * slope.abs().max().item())
    torch.testing.assert_close(label_free_part(formula, case.scores, weight, axes, None), total, rtol=0, atol=0)


@pytest.mark.parametrize('spread', [2.0, 8.0])
def test_rough_cells_of_an_exponential_are_evaluated_at_their_pixels(spread, monkeypatch):
    """With the tolerance 0 every cell is, and the sum is exact."""
    scores = torch.randn(1, 3, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * spread
    axes = enlarged_axes(scores, (40, 48), False)
    weight = torch.ones(1, 40, 48, dtype=torch.float64)
    enlarged = torch.nn.functional.interpolate(scores, (40, 48), mode='bilinear')
    expected = (0.1 * enlarged.exp()).sum()
    error = {}
    for tolerance in (0.0, 1e-3, math.inf):
        monkeypatch.setattr(quadrature, 'TOLERANCE', tolerance)
        error[tolerance] = abs(label_free_part(ExpGB(0.1, (0.0, 16.0)), scores, weight, axes, None) / expected - 1)
    assert error[0.0] < 1e-13
    assert error[1e-3] <= 1e-3 and error[1e-3] <= error[math.inf]
    assert (error[1e-3] < 1e-4 * error[math.inf]) == (spread == 8.0)


def test_extreme_weights_are_those_of_each_cell():
    axes = enlarged_axes(torch.zeros(1, 1, 3, 3), (12, 12), False)
    weight = torch.ones(1, 12, 12)
    weight[0, 0, 0] = 0
    weight[0, 6:, 6:] = 2
    smallest, largest = extreme_weights(weight, axes)
    assert smallest.tolist() == [[[0, 1], [1, 2]]] and largest.tolist() == [[[1, 1], [1, 2]]]

"""Single classes of single cells that are evaluated at their pixels."""

import math

import pytest
import torch
from helpers.enlarged_cases import Case, enlarge, value_and_gradient

from mmgb.functional.full_resolution import rough_outputs
from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.full_resolution.quadrature import add_gradient_of_wrong_classes, extreme_weights
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB


@pytest.mark.parametrize('spread', [2.0, 8.0])
def test_rough_cells_of_an_exponential_are_evaluated_at_their_pixels(spread, monkeypatch):
    """With the tolerance 0 every cell is, and the sum is exact."""
    scores = torch.randn(1, 3, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * spread
    case = Case(scores, torch.zeros(1, 40, 48), False)
    axes = enlarged_axes(scores, case.size, False)
    weight = torch.ones(1, 40, 48, dtype=torch.float64)
    _, slope = value_and_gradient(lambda x: 0.1 * enlarge(x, case).exp().sum(), scores)
    formula, error = ExpGB(0.1, (0.0, 16.0)), {}
    for tolerance in (0.0, 1e-3, math.inf):
        monkeypatch.setattr(rough_outputs, 'TOLERANCE', tolerance)
        gradient = torch.zeros_like(scores)
        rough = rough_outputs.rough_outputs(formula, scores, axes)
        add_gradient_of_wrong_classes(formula, scores, weight, extreme_weights(weight, axes), axes, rough, gradient)
        error[tolerance] = ((gradient - slope).abs().max() / slope.abs().max()).item()
    assert error[0.0] < 1e-12
    assert error[1e-3] <= 1e-3 and error[1e-3] <= error[math.inf]
    assert (error[1e-3] < 0.01 * error[math.inf]) == (spread == 8.0)


def test_an_output_is_rough_if_a_corner_of_its_cell_is_clipped():
    """pow3-GB clips the delta x**3 - 0 of a wrong class at -1 and 1."""
    scores = torch.zeros(1, 2, 3, 4)
    scores[0, 1, 0, 0], scores[0, 0, 2, 3], scores[0, 0, 0, 3] = 1.01, -1.01, 0.99
    clipped, unclipped = (Pow3GB(1.0, 0.0, (0.0, 1.0), bound) for bound in (1.0, None))
    axes = enlarged_axes(scores, (12, 16), False)
    assert rough_outputs.rough_outputs(clipped, scores, axes).nonzero().tolist() == [[0, 0, 1, 2], [0, 1, 0, 0]]
    assert rough_outputs.rough_outputs(unclipped, scores, axes) is None


def test_no_output_of_an_exponential_is_rough_where_each_pixel_is_a_node():
    """At stride 4 a cell has four pixels an axis, as many as nodes; those at the border have more."""
    scores = torch.randn(1, 2, 5, 5) * 20
    mask = rough_outputs.rough_outputs(ExpGB(0.1, (0.0, 16.0)), scores, enlarged_axes(scores, (20, 20), False))
    assert mask[:, :, 0].any() and not mask[:, :, 1:-1, 1:-1].any()

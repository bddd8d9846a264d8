"""The gradient of the sum of the potentials of all enlarged scores by quadrature."""

import torch
from helpers.enlarged_cases import IGNORE, cases, enlarge, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.full_resolution.quadrature import add_gradient_of_wrong_classes, extreme_weights
from mmgb.functional.losses.pow3_gb import Pow3GB


def reference(potential, case, weight):
    """Return the weighted sum over the enlarged scores and its gradient."""
    scores = case.scores.clone().requires_grad_()
    total = (potential(enlarge(scores, case)) * weight.unsqueeze(1)).sum()
    return total.detach(), torch.autograd.grad(total, scores)[0]


@settings(max_examples=30)
@given(cases(), st.booleans())
def test_the_gradient_of_a_quartic_is_exact_with_any_weights(case, weighted):
    weight = (case.labels != IGNORE).double()
    if weighted:
        weight = weight * torch.rand(weight.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    axes = enlarged_axes(case.scores, case.size, case.align_corners)
    gradient = torch.ones_like(case.scores)
    formula = Pow3GB(0.01, 0.3, (0.3, 5.0))
    add_gradient_of_wrong_classes(formula, case.scores, weight, extreme_weights(weight, axes), axes, None, gradient)
    _, slope = value_and_gradient(lambda x: (0.01 / 4 * enlarge(x, case) ** 4 * weight.unsqueeze(1)).sum(), case.scores)
    torch.testing.assert_close(gradient - 1, slope, rtol=0, atol=1e-12 * max(1, slope.abs().max().item()))


def test_extreme_weights_are_those_of_each_cell():
    axes = enlarged_axes(torch.zeros(1, 1, 3, 3), (12, 12), False)
    weight = torch.ones(1, 12, 12)
    weight[0, 0, 0] = 0
    weight[0, 6:, 6:] = 2
    smallest, largest = extreme_weights(weight, axes)
    assert smallest.tolist() == [[[0, 1], [1, 2]]] and largest.tolist() == [[[1, 1], [1, 2]]]

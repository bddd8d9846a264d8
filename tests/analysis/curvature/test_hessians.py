"""The Hessians' formulas, compared with automatic differentiation."""

import pytest
import torch
from torch.nn.functional import one_hot

from mmgb.analysis.curvature.hessians import softmax_squared_error_curvature, squared_error_hessians

SCORES = 2 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = one_hot(torch.tensor([0, 1, 2, 3, 0, 1]), 4).double()
NORMALISERS = SCORES.exp().sum(1, keepdim=True)
ACTIVATIONS = {
    'linear': lambda x: x,
    'softmax': lambda x: x.exp() / NORMALISERS,
    'exp': torch.exp,
    'pow3': lambda x: x**3,
}


def derivatives(function, scores):
    """First and second derivative of an elementwise function."""
    scores = scores.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(scores).sum(), scores, create_graph=True)
    if not slope.requires_grad:
        return slope, torch.zeros_like(slope)
    return slope.detach(), torch.autograd.grad(slope.sum(), scores, allow_unused=True)[0]


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_the_papers_hessians_are_those_of_half_the_squared_error(name):
    found = squared_error_hessians(SCORES, TARGETS)[name]
    _, true = derivatives(lambda x: (ACTIVATIONS[name](x) - TARGETS) ** 2 / 2, SCORES)
    torch.testing.assert_close(found.total, true)


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_first_term_is_the_squared_slope_and_second_term_the_bend_times_the_error(name):
    found = squared_error_hessians(SCORES, TARGETS)[name]
    slope, bend = derivatives(ACTIVATIONS[name], SCORES)
    torch.testing.assert_close(found.first, slope**2)
    torch.testing.assert_close(found.second, bend * (TARGETS - ACTIVATIONS[name](SCORES)))


def test_squared_error_on_softmax_differentiates_the_normaliser_too():
    hessian = torch.autograd.functional.hessian(lambda x: ((x.softmax(1) - TARGETS) ** 2).sum() / 2, SCORES)
    true = hessian.flatten(2).flatten(0, 1).diagonal().view_as(SCORES)
    torch.testing.assert_close(softmax_squared_error_curvature(SCORES, TARGETS), true)

"""Second derivatives as formulas, against automatic differentiation of the losses themselves."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from mmgb.analysis.curvature.output_curvature import (
    loss_curvature,
    softmax_squared_error_curvature,
    squared_error_hessians,
)
from mmgb.models.losses import ExpGBLoss, MirroredExpGBLoss, Pow3GBLoss, SquaredErrorLoss

GENERATOR = torch.Generator().manual_seed(0)
SCORES = 2 * torch.randn(6, 4, generator=GENERATOR, dtype=torch.float64)
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])
TARGETS = one_hot(LABELS, 4).double()
NORMALISERS = SCORES.exp().sum(1, keepdim=True)
ACTIVATIONS = {
    'linear': lambda x: x,
    'softmax': lambda x: x.exp() / NORMALISERS,
    'exp': torch.exp,
    'pow3': lambda x: x**3,
}
LOSSES = {
    'exp-GB': ExpGBLoss(alpha=0.3, targets=(1.0, 7.0)),
    'exp-GB, clipped': ExpGBLoss(alpha=0.1, targets=(0.0, 16.0), max_delta=2.0),
    'pow3-GB': Pow3GBLoss(alpha=0.02, beta=0.4, targets=(-2.0, 10.0)),
    'pow3-GB, clipped': Pow3GBLoss(alpha=0.1, targets=(0.0, 2.0), max_delta=1.0),
    'mirrored': MirroredExpGBLoss(),
    **{activation: SquaredErrorLoss(activation=activation) for activation in ('linear', 'sigmoid', 'tanh')},
}


def derivatives(function, scores):
    """First and second one of an elementwise function."""
    scores = scores.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(scores).sum(), scores, create_graph=True)
    if not slope.requires_grad:
        return slope, torch.zeros_like(slope)
    return slope.detach(), torch.autograd.grad(slope.sum(), scores, allow_unused=True)[0]


def diagonal(loss):
    """Of the Hessian of ``loss(scores)``, a sum over all of them; (N, C)."""
    return torch.autograd.functional.hessian(loss, SCORES).flatten(2).flatten(0, 1).diagonal().view_as(SCORES)


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_the_papers_hessians_are_those_of_half_the_squared_error(name):
    found = squared_error_hessians(SCORES, TARGETS)[name]
    _, true = derivatives(lambda x: (ACTIVATIONS[name](x) - TARGETS) ** 2 / 2, SCORES)
    torch.testing.assert_close(found.total, true)


@pytest.mark.parametrize('name', ACTIVATIONS)
def test_their_terms_are_the_squared_slope_and_the_bend_times_the_error(name):
    found = squared_error_hessians(SCORES, TARGETS)[name]
    slope, bend = derivatives(ACTIVATIONS[name], SCORES)
    torch.testing.assert_close(found.first, slope**2)
    torch.testing.assert_close(found.second, bend * (TARGETS - ACTIVATIONS[name](SCORES)))


def test_squared_error_on_a_whole_softmax():
    true = diagonal(lambda scores: ((scores.softmax(1) - TARGETS) ** 2).sum() / 2)
    torch.testing.assert_close(softmax_squared_error_curvature(SCORES, TARGETS), true)


@pytest.mark.parametrize('name', LOSSES)
def test_a_loss_of_mmgb_has_its_own_curvature(name):
    label, curvature = loss_curvature(LOSSES[name])
    assert label == type(LOSSES[name]).__name__
    loss = LOSSES[name]
    true = diagonal(lambda scores: len(scores) * loss(scores, LABELS))
    if 'clipped' in name:
        assert 0 < (true == 0).sum() < true.numel()
    torch.testing.assert_close(curvature(SCORES, TARGETS), true)


def test_cross_entropy_label_smoothing_and_sigmoids_have_theirs():
    from mmpretrain.models.losses import CrossEntropyLoss, LabelSmoothLoss

    for loss in (CrossEntropyLoss(), LabelSmoothLoss(0.1), CrossEntropyLoss(use_soft=True)):
        _, curvature = loss_curvature(loss)
        torch.testing.assert_close(
            curvature(SCORES, TARGETS), diagonal(lambda scores: cross_entropy(scores, LABELS, reduction='sum'))
        )
        target = TARGETS if getattr(loss, 'use_soft', False) else LABELS
        torch.testing.assert_close(
            curvature(SCORES, TARGETS) / len(SCORES),
            diagonal(lambda scores, loss=loss, target=target: loss(scores, target)),
        )
    label, curvature = loss_curvature(CrossEntropyLoss(use_sigmoid=True))
    assert label == 'CrossEntropyLoss of sigmoids'
    _, true = derivatives(lambda x: torch.nn.functional.softplus(x) - TARGETS * x, SCORES)
    torch.testing.assert_close(curvature(SCORES, TARGETS), true)


def test_an_unknown_loss_is_refused_by_its_name():
    with pytest.raises(ValueError, match='^the loss is HuberLoss, whose second derivative this tool does not know'):
        loss_curvature(torch.nn.HuberLoss())

"""Second derivatives of the losses, compared with automatic differentiation of the losses themselves."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot, softplus

from mmgb.analysis.curvature.loss_curvature import cross_entropy_curvature, formula_curvature, loss_curvature
from mmgb.models.losses import ExpGBLoss, MirroredExpGBLoss, Pow3GBLoss, SquaredErrorLoss

SCORES = 2 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])
TARGETS = one_hot(LABELS, 4).double()
LOSSES = {
    'exp-GB': ExpGBLoss(alpha=0.3, targets=(1.0, 7.0)),
    'exp-GB, clipped': ExpGBLoss(alpha=0.1, targets=(0.0, 16.0), max_delta=2.0),
    'pow3-GB': Pow3GBLoss(alpha=0.02, beta=0.4, targets=(-2.0, 10.0)),
    'pow3-GB, clipped': Pow3GBLoss(alpha=0.1, targets=(0.0, 2.0), max_delta=1.0),
    'exp-GB, matched': ExpGBLoss(matched=True),
    'pow3-GB, matched and clipped': Pow3GBLoss(matched=True, max_delta=0.6),
    'mirrored': MirroredExpGBLoss(),
    **{activation: SquaredErrorLoss(activation=activation) for activation in ('linear', 'sigmoid', 'tanh')},
}


def diagonal(loss):
    """Diagonal of the Hessian of ``loss(scores)``, a sum over all scores; (N, C)."""
    return torch.autograd.functional.hessian(loss, SCORES).flatten(2).flatten(0, 1).diagonal().view_as(SCORES)


@pytest.mark.parametrize('name', LOSSES)
def test_losses_of_mmgb_have_the_curvature_of_automatic_differentiation(name):
    label, curvature = loss_curvature(LOSSES[name])
    assert label == type(LOSSES[name]).__name__
    loss = LOSSES[name]
    true = diagonal(lambda scores: len(scores) * loss(scores, LABELS))
    if 'clipped' in name:
        assert 0 < (true == 0).sum() < true.numel()
    torch.testing.assert_close(curvature(SCORES, TARGETS), true)


def test_softmax_cross_entropy_has_the_diagonal_of_its_hessian():
    true = diagonal(lambda scores: cross_entropy(scores, LABELS, reduction='sum'))
    torch.testing.assert_close(cross_entropy_curvature(SCORES, TARGETS), true)


def test_hosts_losses_have_the_curvature_of_automatic_differentiation():
    from mmpretrain.models.losses import CrossEntropyLoss, LabelSmoothLoss

    for loss in (CrossEntropyLoss(), LabelSmoothLoss(0.1), CrossEntropyLoss(use_soft=True)):
        _, curvature = loss_curvature(loss)
        target = TARGETS if getattr(loss, 'use_soft', False) else LABELS
        torch.testing.assert_close(
            curvature(SCORES, TARGETS) / len(SCORES),
            diagonal(lambda scores, loss=loss, target=target: loss(scores, target)),
        )
    label, curvature = loss_curvature(CrossEntropyLoss(use_sigmoid=True))
    assert label == 'CrossEntropyLoss of sigmoids'
    true = diagonal(lambda scores: (softplus(scores) - TARGETS * scores).sum())
    torch.testing.assert_close(curvature(SCORES, TARGETS), true)


def test_a_loss_without_a_known_second_derivative_is_refused_by_name():
    with pytest.raises(ValueError, match="^loss type='HuberLoss': expected a loss of mmgb, CrossEntropyLoss or"):
        loss_curvature(torch.nn.HuberLoss())


def test_an_unknown_formula_is_refused():
    with pytest.raises(TypeError, match=r"^formula='huber': expected ExpGB, Pow3GB, MirroredExpGB or SquaredError$"):
        formula_curvature('huber', SCORES, TARGETS)

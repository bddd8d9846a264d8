"""Second derivatives of mmgb's and the hosts' losses by one output."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.formula import Formula
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.squared_error import SquaredError

Curvature = Callable[[Tensor, Tensor], Tensor]  # (scores (N, C), one-hot labels (N, C)) -> diagonal of H (N, C)


def cross_entropy_curvature(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the diagonal ``y(1 - y)`` of softmax + cross-entropy's Hessian, for targets that sum to 1.

    Args:
        scores (Tensor): outputs, (N, C).
        targets (Tensor): ignored, because the second derivative doesn't depend on them.
    """
    y = scores.softmax(1)
    return y * (1 - y)


def sigmoid_cross_entropy_curvature(scores: Tensor, targets: Tensor) -> Tensor:
    """Return ``y(1 - y)`` of sigmoid + binary cross-entropy, elementwise; ``targets`` are ignored."""
    y = scores.sigmoid()
    return y * (1 - y)


def formula_curvature(formula: Formula, scores: Tensor, targets: Tensor) -> Tensor:
    """Return the second derivative of an elementwise loss; 0 where ``max_delta`` clips the error delta.

    Args:
        formula (Formula): formula of a loss of mmgb.
        scores (Tensor): outputs, any shape.
        targets (Tensor): target of each output, same shape.

    Raises:
        TypeError: if the formula's second derivative isn't known.
    """
    if isinstance(formula, SquaredError):
        return _squared_error_curvature(formula, scores, targets)
    if isinstance(formula, MirroredExpGB):
        return formula.alpha * (scores.abs() - 1).exp()  # except in the kink at x = 0
    if isinstance(formula, ExpGB):
        curvature = formula.alpha * scores.exp()
    elif isinstance(formula, Pow3GB):
        curvature = 3 * formula.alpha * (scores + formula.shift) ** 2
    else:
        raise TypeError(f'formula={formula!r}: expected ExpGB, Pow3GB, MirroredExpGB or SquaredError')
    if formula.max_delta is None:
        return curvature
    return curvature.where(formula.unclipped_delta(scores, targets).abs() <= formula.max_delta, 0)


def loss_curvature(loss: nn.Module) -> tuple[str, Curvature]:
    """Return the name of a loss module and its second derivative, without class weights and averages.

    Args:
        loss (nn.Module): a loss of mmgb, or a host's ``CrossEntropyLoss`` or ``LabelSmoothLoss`` with softmax or
            sigmoids.

    Returns:
        tuple[str, Curvature]: name for reports, and function of scores and one-hot labels.

    Raises:
        ConfigError: for any other loss.
    """
    kind = type(loss).__name__
    if hasattr(loss, 'formula_for'):

        def curvature(scores: Tensor, one_hot: Tensor) -> Tensor:
            formula = loss.formula_for(scores.shape[1])
            return formula_curvature(formula, scores, formula.target_of(one_hot))

        return kind, curvature
    if kind not in ('CrossEntropyLoss', 'LabelSmoothLoss'):
        raise ConfigError(
            f"loss type='{kind}': expected a loss of mmgb, CrossEntropyLoss or LabelSmoothLoss, whose second "
            'derivatives are known'
        )
    if getattr(getattr(loss, 'ce', loss), 'use_sigmoid', False):  # LabelSmoothLoss keeps its cross-entropy in `ce`
        return f'{kind} of sigmoids', sigmoid_cross_entropy_curvature
    return kind, cross_entropy_curvature


def _squared_error_curvature(formula: SquaredError, scores: Tensor, targets: Tensor) -> Tensor:
    """Return y'² + (y - t) y'' of squared error on the activation y(x)."""
    y = formula.output(scores)
    slope, bend = {
        'linear': (torch.ones_like(y), torch.zeros_like(y)),
        'sigmoid': (y * (1 - y), y * (1 - y) * (1 - 2 * y)),
        'tanh': (1 - y**2, -2 * y * (1 - y**2)),
    }[formula.activation]
    return slope**2 + (y - targets) * bend

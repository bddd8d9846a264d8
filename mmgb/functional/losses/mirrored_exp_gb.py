r"""Mirrored exp-GB: the mirrored exponential, which the gradient-boosting paper tried and rejected (Section 2.2).

.. math::
    \delta(x, t) = \alpha \, \mathrm{sgn}(x) \, e^{|x| - 1} + \beta - t

It also grows exponentially for large negative outputs, but has "no nice and cozy place" for errors that need no
correction: it jumps by :math:`2\alpha/e` at 0. It is the derivative of a convex function with a kink there. With the
slope :math:`s = (t - \beta) / \alpha`,

.. math::
    F(x, t) = \alpha (e^{|x| - 1} - s x) - \min_x(\ldots)

has its minimum at :math:`\mathrm{sgn}(s)(1 + \ln|s|)` if :math:`|s| > 1/e`, and in the kink otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .elementwise import elementwise_loss
from .formula import FAR_FROM_FIT, Formula, in_float64, widened
from .settings import check_finite, check_positive, check_target_pair

if TYPE_CHECKING:
    from typing import Unpack  # Python 3.11; type checkers alone read this

    from .elementwise import ElementwiseOptions


@dataclass(frozen=True)
class MirroredExpGB(Formula):
    """The formula of the mirrored exponential.

    Args:
        alpha (float): factor of the exponential, > 0.
        beta (float): offset of the boosted output.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.

    Raises:
        ConfigError: if a setting is outside its range.
    """

    alpha: float
    beta: float
    targets: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, 'alpha', check_positive('alpha', self.alpha))
        object.__setattr__(self, 'beta', check_finite('beta', self.beta))
        object.__setattr__(self, 'targets', check_target_pair(self.targets))

    def output(self, scores: Tensor) -> Tensor:
        return self.delta(scores, 0.0)

    def delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return scores.sign() * self._exponential(scores) + (self.beta - targets)

    def _exponential(self, scores: Tensor) -> Tensor:
        return self.alpha * (scores.abs() - 1).exp()

    def potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        # Near the fit the differences cancel, so they are taken in float64 whatever the scores' type.
        slope = (in_float64(targets, scores) - self.beta) / self.alpha
        towards_fit = widened(scores) * torch.where(slope < 0, -1, 1)
        size = slope.abs()
        fitted = size.clamp(min=math.exp(-1))  # at the kink, smaller slopes share the tangent of this one
        distance = towards_fit.abs() - (1 + fitted.log())
        # The well of exp-GB on the fit's side of 0, its mirror image on the other side. Far from the fit, both take the
        # same exponential as the delta, so that loss and delta overflow at the same score.
        on_same_side = towards_fit >= 0
        same_side = (fitted - size) * towards_fit - fitted * (distance + 1)
        other_side = fitted * fitted.log() - size * towards_fit
        rest = torch.where(on_same_side, same_side, other_side)
        near = torch.where(
            on_same_side,
            fitted * (distance.expm1() - distance) + (fitted - size) * towards_fit,
            (towards_fit.abs() - 1).exp() + other_side,
        )
        far = self._exponential(scores) + self.alpha * rest
        return torch.where(distance > FAR_FROM_FIT, far, (self.alpha * near).clamp(min=0)).to(scores.dtype)

    def fit(self, target: float) -> float:
        slope = (target - self.beta) / self.alpha
        return math.copysign(1 + math.log(max(abs(slope), math.exp(-1))), slope)


def mirrored_exp_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 0.0,
    targets: tuple[float, float] = (0.0, 16.0),
    **options: Unpack[ElementwiseOptions],
) -> Tensor:
    """Compute mirrored exp-GB, summed over the classes and averaged over the samples.

    The paper states neither alpha, beta nor the targets. The defaults are those of exp-GB, with no offset.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha (float): factor of the exponential, > 0.
        beta (float): offset of the boosted output.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        **options: see :func:`mmgb.functional.exp_gb_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape.

    Raises:
        ConfigError: if a setting is outside its range, or a tensor does not fit.
    """
    return elementwise_loss(scores, target, MirroredExpGB(alpha, beta, targets), **options)

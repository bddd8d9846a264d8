r"""The mirrored exponential, which the gradient-boosting paper tried and found wanting (its Section 2.2).

.. math::
    \delta(x, t) = \alpha \, \mathrm{sgn}(x) \, e^{|x| - 1} + \beta - t

It grows exponentially for large negative outputs too, but has "no nice and cozy place" for the errors one need not
worry about: it jumps by :math:`2\alpha/e` at 0. It is the derivative of a convex function with a kink there,

.. math::
    F(x, t) = \alpha (e^{|x| - 1} - s x) - \min_x(\ldots), \qquad s = (t - \beta) / \alpha

whose minimum lies at :math:`\mathrm{sgn}(s)(1 + \ln|s|)` if :math:`|s| > 1/e`, and else in the kink.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .elementwise import elementwise_loss
from .formula import in_float64
from .gb_loss import check_pow3_gb


@dataclass(frozen=True)
class MirroredExpGB:
    """The mirrored exponential with its settings."""

    alpha: float
    beta: float
    target_range = (-math.inf, math.inf)

    def potential(self, scores: Tensor, values: Tensor | float) -> Tensor:
        # Differences of near numbers at the fit: in float64, whatever the type of the scores.
        slope = (in_float64(values, scores) - self.beta) / self.alpha
        towards_fit = scores.double() * torch.where(slope < 0, -1, 1)
        size = slope.abs()
        fitted = size.clamp(min=math.exp(-1))  # at the kink the tangent of this size stands in for any smaller one
        distance = towards_fit - (1 + fitted.log())
        # On the fit's side of 0 the well of exp-GB; on the other side its mirror image.
        same_side = fitted * (distance.expm1() - distance) + (fitted - size) * towards_fit
        other_side = (-towards_fit - 1).exp() - size * towards_fit + fitted * fitted.log()
        value = torch.where(towards_fit >= 0, same_side, other_side)
        return (self.alpha * value).clamp(min=0).to(scores.dtype)

    def delta(self, scores: Tensor, values: Tensor | float) -> Tensor:
        return self.alpha * scores.sign() * (scores.abs() - 1).exp() + (self.beta - values)

    def output(self, scores: Tensor) -> Tensor:
        """The boosted output, what is compared with the target."""
        return self.delta(scores, 0.0)

    def fit(self, value: float) -> float:
        """The score at which the potential is least."""
        slope = (value - self.beta) / self.alpha
        return math.copysign(1 + math.log(max(abs(slope), math.exp(-1))), slope)


def mirrored_exp_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 0.0,
    targets: tuple[float, float] = (0.0, 16.0),
    **options,
) -> Tensor:
    """Mirrored exponential boosting. The paper gives neither alpha and beta nor the targets; the defaults are those of
    exp-GB, without an offset. The arguments as in :func:`mmgb.functional.pow3_gb_loss`, but for ``max_delta`` and
    ``fused``, which it doesn't have."""
    targets = check_pow3_gb(alpha, beta, targets, None)
    return elementwise_loss(scores, target, MirroredExpGB(alpha, beta), targets, **options)

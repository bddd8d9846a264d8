r"""exp-GB: exponential gradient boosting.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate: A Case For Linear Output Activations &
Gradient Boosting* (2017), Section 2.1.

The outputs stay linear, and the gradient :math:`y - t` of softmax + cross-entropy is replaced by the error delta

.. math::
    \delta(x, t) = \alpha e^x - t

The paper calls this "an incorrect gradient formulation". It is the exact gradient of a convex function of the outputs:
with the fit :math:`x^* = \ln(t/\alpha)` and :math:`d = x - x^*`,

.. math::
    F(x, t) = t\,(e^d - 1 - d) \;\;(t > 0), \qquad F(x, 0) = \alpha e^x

This is the generalised Kullback-Leibler divergence between t and :math:`\alpha e^x`. It is non-negative by
construction, whereas the textbook form :math:`\alpha e^x - t x - const` cancels near the fit. The second derivative is
:math:`\alpha e^x` (Section 4). For t < 0 the function has no minimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from ..errors import ConfigError
from .elementwise import elementwise_loss
from .formula import FAR_FROM_FIT, BoostedFormula, widened
from .matched_units import EXP_GB_CURVATURE, MAX_DELTA, classes_of_outputs
from .settings import check_max_delta, check_positive, check_target_pair

if TYPE_CHECKING:
    from typing import Unpack  # Python 3.11; type checkers alone read this

    from .elementwise import ElementwiseOptions


@dataclass(frozen=True)
class ExpGB(BoostedFormula):
    """The formula of exp-GB.

    Args:
        alpha (float): factor of the exponential, > 0.
        targets (tuple[float, float]): ``(negative, positive)`` with ``0 <= negative < positive``.
        max_delta (float | None): largest magnitude of the error delta, > 0. Default: None, unbounded.

    Raises:
        ConfigError: if a setting is outside its range.
    """

    alpha: float
    targets: tuple[float, float]
    max_delta: float | None = None
    beta: ClassVar[float] = 0.0  # type: ignore[misc]  # a constant here, a setting elsewhere
    shift: ClassVar[float] = 0.0  # type: ignore[misc]  # alpha can hold every shift
    kernel: ClassVar[str] = 'exp_gb'

    def __post_init__(self) -> None:
        object.__setattr__(self, 'alpha', check_positive('alpha', self.alpha))
        check_max_delta(self.max_delta)
        negative, positive = check_target_pair(self.targets)
        if negative < 0:
            raise ConfigError(
                f'targets=({negative:g}, {positive:g}): expected a negative target >= 0, since alpha*exp(x) never '
                'reaches a smaller one and the loss would have no minimum'
            )
        object.__setattr__(self, 'targets', (negative, positive))

    @property
    def target_range(self) -> tuple[float, float]:
        return 0.0, math.inf

    @property
    def degree(self) -> float | None:
        return math.inf

    def potential_by_delta(self, target: float) -> tuple[float, float, float, float]:
        return target * self.fit(target) if target else 0.0, -target, 1.0, 0.0

    def output(self, scores: Tensor) -> Tensor:
        return self.alpha * scores.exp()

    def inverse(self, boosted: Tensor) -> Tensor:
        return (boosted.clamp(min=0) / self.alpha).log()

    def fit(self, target: float) -> float:
        ratio = max(target, 0) / self.alpha
        return math.log(ratio) if ratio > 0 else -math.inf

    def matched(self, num_classes: int) -> ExpGB:
        num_classes = classes_of_outputs(num_classes)
        negative, positive = self.targets
        factor = EXP_GB_CURVATURE / (positive + (num_classes - 1) * negative)
        prior = self.target_of(1 / num_classes)
        bound = MAX_DELTA if self.max_delta is None else self.max_delta
        return ExpGB(factor * prior, (factor * negative, factor * positive), bound)

    def unclipped_delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return self.output(scores) - targets

    def unclipped_potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return self._potential(scores, targets, self.output(scores))

    def unclipped_delta_and_potential(self, scores: Tensor, targets: Tensor | float) -> tuple[Tensor, Tensor]:
        output = self.output(scores)
        if not isinstance(targets, Tensor) and targets == 0:
            return output, output
        return output - targets, self._potential(scores, targets, output)

    def _potential(self, scores: Tensor, targets: Tensor | float, output: Tensor) -> Tensor:
        if not isinstance(targets, Tensor) and targets == 0:
            return output
        # Near the fit both differences cancel, so they are taken in float64 whatever the scores' type.
        fit = self.inverse(widened(targets)) if isinstance(targets, Tensor) else self.fit(targets)
        distance = widened(scores) - fit
        near = distance.expm1().sub_(distance).mul_(targets).clamp(min=0)
        # Far above it, take the output from which the delta is computed, so that both overflow at the same score.
        far = output - distance.add_(1).mul_(targets)
        well = torch.where(scores > fit + FAR_FROM_FIT, far, near).to(scores.dtype)
        return torch.where(targets > 0, well, output) if isinstance(targets, Tensor) else well


def exp_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    targets: tuple[float, float] = (0.0, 16.0),
    max_delta: float | None = None,
    matched: bool = False,
    fused: bool = True,
    **options: Unpack[ElementwiseOptions],
) -> Tensor:
    """Compute exp-GB, summed over the classes and averaged over the samples.

    The paper does not state its reduction. This one makes its learning rates plausible.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...). Without ``max_delta`` float32 losses are finite for
            scores up to 80, even averaged over a million pixels. From about 90 on ``exp`` overflows.
        target (Tensor): labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha (float): factor of the exponential, > 0. The paper uses 0.1, on ImageNet 0.01.
        targets (tuple[float, float]): ``(negative, positive)`` with ``0 <= negative < positive``.
        max_delta (float | None): largest magnitude of the error delta, > 0. A larger delta is clipped, and the loss
            continues along its tangent. Default: None, unbounded, or 1 if ``matched``.
        matched (bool): whether the scores are in the units of cross-entropy's logits, so that its learning rates fit
            (:mod:`mmgb.functional.losses.matched_units`). Then ``alpha`` has no effect, and the targets only by their
            ratio.
        fused (bool): whether a kernel may compute value and gradient in one pass, where there is one. False forces
            the differentiable formula, which is always used under ``torch.compile``, ``torch.func`` and in float64.
        **options: ``weight``, ``class_weight``, ``ignore_index``, ``avg_non_ignore``, ``reduction``, ``avg_factor``
            and ``target_kind`` of :func:`mmgb.functional.losses.elementwise.elementwise_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape.

    Raises:
        ConfigError: if a setting is outside its range, or a tensor does not fit.
    """
    return elementwise_loss(scores, target, ExpGB(alpha, targets, max_delta), matched=matched, fused=fused, **options)

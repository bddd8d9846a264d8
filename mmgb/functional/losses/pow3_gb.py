r"""pow3-GB: cubic gradient boosting.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate: A Case For Linear Output Activations &
Gradient Boosting* (2017), Section 2.2.

The outputs stay linear, and the gradient :math:`y - t` of softmax + cross-entropy is replaced by the error delta

.. math::
    \delta(x, t) = \alpha x^3 + \beta - t

It is the exact gradient of a convex function of the outputs: with the fit :math:`x^* = \sqrt[3]{(t - \beta)/\alpha}`,

.. math::
    F(x, t) = \tfrac{\alpha}{4} (x - x^*)^2 \left((x + x^*)^2 + 2 x^{*2}\right)

This form is non-negative by construction, whereas the expanded quartic cancels near the fit. The second derivative is
:math:`3 \alpha x^2` (Section 4).

With :math:`\beta = t^-` the wrong classes fit at 0, where the first and second derivative vanish as well, and the loss
of C outputs with the target class y is, up to a constant,

.. math::
    \tfrac{\alpha}{4} \sum_c x_c^4 - (t^+ - t^-)\, x_y

Only the target class pulls. With the paper's :math:`\beta = 0.4` and :math:`t^- = 0` the wrong classes fit at
:math:`x = -7.4`, where the second derivative is 0.16, and their pull grows with their number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from .elementwise import elementwise_loss
from .formula import BoostedFormula, in_float64
from .matched_units import FIT_DISTANCE, MAX_DELTA, POW3_GB_CURVATURE, classes_of_outputs
from .settings import check_bool, check_finite, check_max_delta, check_positive, check_target_pair

if TYPE_CHECKING:
    from typing import Unpack  # Python 3.11; type checkers alone read this

    from .elementwise import ElementwiseOptions

PAPER_BETA = 0.4  # Section 2.2


@dataclass(frozen=True)
class Pow3GB(BoostedFormula):
    """The formula of pow3-GB.

    Args:
        alpha (float): factor of the cube, > 0.
        beta (float): offset of the boosted output.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        max_delta (float | None): largest magnitude of the error delta, > 0. Default: None, unbounded.
        shift (float): number that is added to the scores, not 0 in matched units. Default: 0.

    Raises:
        ConfigError: if a setting is outside its range.
    """

    alpha: float
    beta: float
    targets: tuple[float, float]
    max_delta: float | None = None
    shift: float = 0.0
    kernel: ClassVar[str] = 'pow3_gb'

    def __post_init__(self) -> None:
        object.__setattr__(self, 'alpha', check_positive('alpha', self.alpha))
        check_max_delta(self.max_delta)
        object.__setattr__(self, 'beta', check_finite('beta', self.beta))
        object.__setattr__(self, 'targets', check_target_pair(self.targets))

    @property
    def degree(self) -> float | None:
        return 4

    def potential_by_delta(self, target: float) -> tuple[float, float, float, float]:
        # With u = x + shift: F = alpha/4 u**4 + (beta - t) u + constant, and u * delta = alpha u**4 + (beta - t) u.
        slope = 3 / 4 * (self.beta - target)
        return -slope * self.fit(target), slope, self.shift / 4, 1 / 4

    def output(self, scores: Tensor) -> Tensor:
        return self.alpha * self._shifted(scores) ** 3 + self.beta

    def inverse(self, boosted: Tensor) -> Tensor:
        cube = (boosted - self.beta) / self.alpha
        return cube.sign() * cube.abs() ** (1 / 3) - self.shift

    def fit(self, target: float) -> float:
        cube = (target - self.beta) / self.alpha
        return math.copysign(abs(cube) ** (1 / 3), cube) - self.shift

    def matched(self, num_classes: int) -> Pow3GB:
        num_classes = classes_of_outputs(num_classes)
        wrong, right = (self.fit(target) for target in self.targets)
        stretch = (right - wrong) / FIT_DISTANCE
        alpha = POW3_GB_CURVATURE / 3 * stretch**2 / (right**2 + (num_classes - 1) * wrong**2)
        factor = alpha / (self.alpha * stretch**3)
        negative, positive = self.targets
        return Pow3GB(
            alpha,
            factor * self.beta,
            (factor * negative, factor * positive),
            MAX_DELTA if self.max_delta is None else self.max_delta,
            shift=self.fit(self.target_of(1 / num_classes)) / stretch,
        )

    def unclipped_delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return self.alpha * self._shifted(scores) ** 3 + (self.beta - targets)

    def unclipped_potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return self._potential(scores, targets, self._shifted(scores))

    def unclipped_delta_and_potential(self, scores: Tensor, targets: Tensor | float) -> tuple[Tensor, Tensor]:
        shifted = self._shifted(scores)
        return self.alpha * shifted**3 + (self.beta - targets), self._potential(scores, targets, shifted)

    def _potential(self, scores: Tensor, targets: Tensor | float, shifted: Tensor) -> Tensor:
        fit = self.inverse(in_float64(targets, scores))
        # The distance to the nearest number of the scores' type is exact near the fit; the rest is subtracted after.
        rounded = fit.to(scores.dtype)
        distance = (scores - rounded) - (fit - rounded).to(scores.dtype)
        shifted_fit = self._shifted(rounded)
        return self.alpha / 4 * distance**2 * ((shifted + shifted_fit) ** 2 + 2 * shifted_fit**2)

    def _shifted(self, scores: Tensor) -> Tensor:
        return scores + self.shift if self.shift else scores


def pow3_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.001,
    beta: float | None = None,
    targets: tuple[float, float] = (0.0, 10.0),
    max_delta: float | None = None,
    matched: bool = False,
    fused: bool = True,
    **options: Unpack[ElementwiseOptions],
) -> Tensor:
    """Compute pow3-GB, summed over the classes and averaged over the samples.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...). float32 losses are finite for scores up to 1e9.
        target (Tensor): labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha (float): factor of the cube, > 0. The paper uses 0.001.
        beta (float | None): offset of the boosted output, see :func:`resolve_beta`. The paper uses 0.4.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        matched (bool): whether the scores are in the units of cross-entropy's logits, so that its learning rates fit
            (:mod:`mmgb.functional.losses.matched_units`). Then ``alpha`` has no effect, and of beta and the targets
            only ``(beta - negative) / (positive - negative)`` has one.
        max_delta, fused, **options: see :func:`mmgb.functional.exp_gb_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape.

    Raises:
        ConfigError: if a setting is outside its range, or a tensor does not fit.
    """
    formula = Pow3GB(alpha, resolve_beta(beta, targets, matched), targets, max_delta)
    return elementwise_loss(scores, target, formula, matched=matched, fused=fused, **options)


def resolve_beta(beta: float | None, targets: tuple[float, float], matched: bool) -> float:
    """Return beta: if None the paper's 0.4, or in matched units the negative target, where only the target class pulls.

    Raises:
        ConfigError: if the targets are not two numbers, or ``matched`` is not a bool.
    """
    check_bool('matched', matched)
    if beta is None:
        return check_target_pair(targets)[0] if matched else PAPER_BETA
    return beta

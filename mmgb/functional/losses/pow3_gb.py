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
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from .elementwise import elementwise_loss
from .formula import BoostedFormula, in_float64
from .settings import check_finite, check_max_delta, check_positive, check_target_pair

if TYPE_CHECKING:
    from typing import Unpack  # Python 3.11; type checkers alone read this

    from .elementwise import ElementwiseOptions


@dataclass(frozen=True)
class Pow3GB(BoostedFormula):
    """The formula of pow3-GB.

    Args:
        alpha (float): factor of the cube, > 0.
        beta (float): offset of the boosted output.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        max_delta (float | None): largest magnitude of the error delta, > 0. Default: None, unbounded.

    Raises:
        ConfigError: if a setting is outside its range.
    """

    alpha: float
    beta: float
    targets: tuple[float, float]
    max_delta: float | None = None
    kernel: ClassVar[str] = 'pow3_gb'

    def __post_init__(self) -> None:
        object.__setattr__(self, 'alpha', check_positive('alpha', self.alpha))
        check_max_delta(self.max_delta)
        object.__setattr__(self, 'beta', check_finite('beta', self.beta))
        object.__setattr__(self, 'targets', check_target_pair(self.targets))

    def output(self, scores: Tensor) -> Tensor:
        return self.alpha * scores**3 + self.beta

    def inverse(self, boosted: Tensor) -> Tensor:
        cube = (boosted - self.beta) / self.alpha
        return cube.sign() * cube.abs() ** (1 / 3)

    def fit(self, target: float) -> float:
        cube = (target - self.beta) / self.alpha
        return math.copysign(abs(cube) ** (1 / 3), cube)

    def unclipped_delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return self.alpha * scores**3 + (self.beta - targets)

    def unclipped_potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        fit = self.inverse(in_float64(targets, scores))
        # The distance to the nearest number of the scores' type is exact near the fit; the rest is subtracted after.
        rounded = fit.to(scores.dtype)
        distance = (scores - rounded) - (fit - rounded).to(scores.dtype)
        return self.alpha / 4 * distance**2 * ((scores + rounded) ** 2 + 2 * rounded**2)


def pow3_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.001,
    beta: float = 0.4,
    targets: tuple[float, float] = (0.0, 10.0),
    max_delta: float | None = None,
    fused: bool = True,
    **options: Unpack[ElementwiseOptions],
) -> Tensor:
    """Compute pow3-GB, summed over the classes and averaged over the samples.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...). float32 losses are finite for scores up to 1e9.
        target (Tensor): labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha (float): factor of the cube, > 0. The paper uses 0.001.
        beta (float): offset of the boosted output. The paper uses 0.4.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        max_delta, fused, **options: see :func:`mmgb.functional.exp_gb_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape.

    Raises:
        ConfigError: if a setting is outside its range, or a tensor does not fit.
    """
    return elementwise_loss(scores, target, Pow3GB(alpha, beta, targets, max_delta), fused=fused, **options)

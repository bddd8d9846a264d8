r"""The formulas of exp-GB and pow3-GB: error deltas, and the potentials whose derivatives they are.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate: A Case For Linear Output Activations &
Gradient Boosting* (2017), Sections 2.1 and 2.2.

The outputs stay linear, and instead of softmax + cross-entropy's :math:`y - t` these error deltas are
back-propagated:

.. math::
    \delta_{exp}(x, t) = \alpha e^x - t \qquad \delta_{pow3}(x, t) = \alpha x^3 + \beta - t

The paper calls that "an incorrect gradient formulation". It is the exact gradient of a convex function of the
outputs, zero where the boosted output meets its target and positive elsewhere. With :math:`d = x - \ln(t/\alpha)`
and :math:`x^* = \sqrt[3]{(t - \beta)/\alpha}`, the perfect fit,

.. math::
    F_{exp} = t\,(e^d - 1 - d) \;\;(t > 0), \quad \alpha e^x \;\;(t = 0) \qquad
    F_{pow3} = \tfrac{\alpha}{4} (x - x^*)^2 \left((x + x^*)^2 + 2 x^{*2}\right)

:math:`F_{exp}` is the generalised Kullback-Leibler divergence between t and :math:`\alpha e^x`. These forms are
non-negative by construction; the textbook :math:`\alpha e^x - t x - const` cancels near the fit. The second
derivatives are :math:`\alpha e^x` and :math:`3 \alpha x^2` (Section 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Targets t: of the scores' shape, or one number for all of them.
Values = 'Tensor | float'


def exp_gb_delta(scores: Tensor, values: Values, alpha: float) -> Tensor:
    """``alpha * exp(x) - t``, elementwise."""
    return alpha * scores.exp() - values


def exp_gb_potential(scores: Tensor, values: Values, alpha: float) -> Tensor:
    """The function whose derivative is :func:`exp_gb_delta`, elementwise, accurate near the fit; ``t >= 0``."""
    one_for_all = not isinstance(values, Tensor)
    if one_for_all and values == 0:
        return alpha * scores.exp()
    # Near the fit near numbers are subtracted, twice: in float64, whatever the type of the scores.
    distance = scores.double() - exp_gb_inverse(in_float64(values, scores), alpha)
    excess = distance.expm1().sub_(distance)
    del distance  # as large as two of the scores
    well = values * excess.to(scores.dtype).clamp(min=0)
    return well if one_for_all else torch.where(values > 0, well, alpha * scores.exp())


def exp_gb_inverse(boosted: Tensor, alpha: float) -> Tensor:
    """The score x with ``alpha * exp(x)`` = boosted; -inf where that isn't positive."""
    return (boosted.clamp(min=0) / alpha).log()


def pow3_gb_delta(scores: Tensor, values: Values, alpha: float, beta: float) -> Tensor:
    """``alpha * x**3 + beta - t``, elementwise."""
    return alpha * scores**3 + (beta - values)


def pow3_gb_potential(scores: Tensor, values: Values, alpha: float, beta: float) -> Tensor:
    """The function whose derivative is :func:`pow3_gb_delta`, elementwise, accurate near the fit."""
    fit = pow3_gb_inverse(in_float64(values, scores), alpha, beta)
    # The difference of two near numbers of one type is exact: that to the nearest such number, then the rest.
    rounded = fit.to(scores.dtype)
    distance = (scores - rounded) - (fit - rounded).to(scores.dtype)
    return alpha / 4 * distance**2 * ((scores + rounded) ** 2 + 2 * rounded**2)


def pow3_gb_inverse(boosted: Tensor, alpha: float, beta: float) -> Tensor:
    """The score x with ``alpha * x**3 + beta`` = boosted."""
    cube = (boosted - beta) / alpha
    return cube.sign() * cube.abs() ** (1 / 3)


def in_float64(values: Values, scores: Tensor) -> Tensor:
    """Targets as a tensor beside the scores; one number as a scalar, made there without a copy."""
    if isinstance(values, Tensor):
        return values.double()
    return torch.full((), values, dtype=torch.float64, device=scores.device)


class BoundedForm:
    r"""An error delta clipped at ``max_delta``, and the potential of the clipped one.

    Where :math:`|\delta|` exceeds the bound M, the potential goes on along its tangent: it stays convex and its
    derivative continuous, like Huber's loss. ``max_delta=None``: no bound.
    """

    max_delta: float | None
    target_range = (-math.inf, math.inf)

    def delta(self, scores: Tensor, values: Values) -> Tensor:
        """What is back-propagated at scores x with targets t, elementwise."""
        delta = self.unbounded_delta(scores, values)
        return delta if self.max_delta is None else delta.clamp(-self.max_delta, self.max_delta)

    def potential(self, scores: Tensor, values: Values) -> Tensor:
        """The function whose derivative is :meth:`delta`, 0 at the perfect fit."""
        if self.max_delta is None:
            return self.unbounded_potential(scores, values)
        lower, upper = (bound.to(scores.dtype) for bound in self.bounds(in_float64(values, scores)))
        excess = torch.where(scores > upper, scores - upper, torch.where(scores < lower, lower - scores, 0))
        inside = torch.where(scores > upper, upper, torch.where(scores < lower, lower, scores))
        return self.unbounded_potential(inside, values) + self.max_delta * excess

    def bounds(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The scores between which the delta of float64 targets isn't clipped; the lower one may be -inf."""
        return self.inverse(values - self.max_delta), self.inverse(values + self.max_delta)

    def fit(self, value: float) -> float:
        """The score whose delta is 0."""
        return self.inverse(torch.tensor(value, dtype=torch.float64)).item()


@dataclass(frozen=True)
class ExpGB(BoundedForm):
    """exp-GB with its settings."""

    alpha: float
    max_delta: float | None = None
    target_range = (0.0, math.inf)

    def output(self, scores: Tensor) -> Tensor:
        """The boosted output, what is compared with the target."""
        return self.alpha * scores.exp()

    def unbounded_delta(self, scores: Tensor, values: Values) -> Tensor:
        return exp_gb_delta(scores, values, self.alpha)

    def unbounded_potential(self, scores: Tensor, values: Values) -> Tensor:
        return exp_gb_potential(scores, values, self.alpha)

    def inverse(self, boosted: Tensor) -> Tensor:
        return exp_gb_inverse(boosted, self.alpha)


@dataclass(frozen=True)
class Pow3GB(BoundedForm):
    """pow3-GB with its settings."""

    alpha: float
    beta: float
    max_delta: float | None = None

    def output(self, scores: Tensor) -> Tensor:
        """The boosted output, what is compared with the target."""
        return self.alpha * scores**3 + self.beta

    def unbounded_delta(self, scores: Tensor, values: Values) -> Tensor:
        return pow3_gb_delta(scores, values, self.alpha, self.beta)

    def unbounded_potential(self, scores: Tensor, values: Values) -> Tensor:
        return pow3_gb_potential(scores, values, self.alpha, self.beta)

    def inverse(self, boosted: Tensor) -> Tensor:
        return pow3_gb_inverse(boosted, self.alpha, self.beta)

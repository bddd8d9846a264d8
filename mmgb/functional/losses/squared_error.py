r"""Squared error of linear, sigmoid or tanh outputs: the losses of the gradient-boosting paper's Table 1.

.. math::
    F(x, t) = \tfrac12 (f(x) - t)^2 \qquad \delta(x, t) = (f(x) - t)\, f'(x)

With a squashing f the delta vanishes where f saturates, also on the wrong side: the paper's case for linear outputs
(Øland et al. 2017, Section 1.1), and the reason why the lecture on training tricks advises against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ConfigError
from .elementwise import elementwise_loss
from .targets import check_targets

RANGES = {'linear': (-math.inf, math.inf), 'sigmoid': (0.0, 1.0), 'tanh': (-1.0, 1.0)}
# Where the second derivative of the activation is largest: LeCun et al., Efficient BackProp (2012), Section 4.5.
MAX_CURVATURE = {
    'sigmoid': ((3 - math.sqrt(3)) / 6, (3 + math.sqrt(3)) / 6),
    'tanh': (-1 / math.sqrt(3), 1 / math.sqrt(3)),
}
NAMED_TARGETS = {'unit': (0.0, 1.0), 'symmetric': (-1.0, 1.0)}


@dataclass(frozen=True)
class SquaredError:
    """Squared error with its activation."""

    activation: str

    @property
    def target_range(self) -> tuple[float, float]:
        return RANGES[self.activation]

    def potential(self, scores: Tensor, values: Tensor | float) -> Tensor:
        return (self.output(scores) - values) ** 2 / 2

    def delta(self, scores: Tensor, values: Tensor | float) -> Tensor:
        outputs = self.output(scores)
        if self.activation == 'linear':
            slope = 1.0
        else:
            slope = outputs * (1 - outputs) if self.activation == 'sigmoid' else 1 - outputs**2
        return (outputs - values) * slope

    def fit(self, value: float) -> float:
        """The score whose delta is 0; infinite at the ends of the activation's range."""
        if self.activation == 'linear':
            return value
        value = torch.tensor(value, dtype=torch.float64)
        return (value.logit() if self.activation == 'sigmoid' else value.atanh()).item()

    def output(self, scores: Tensor) -> Tensor:
        """The activation, what is compared with the target."""
        return scores if self.activation == 'linear' else getattr(torch, self.activation)(scores)


def squared_error_loss(
    scores: Tensor,
    target: Tensor,
    *,
    activation: str = 'linear',
    targets: str | tuple[float, float] = (0.0, 1.0),
    **options,
) -> Tensor:
    """Squared error, summed over the classes.

    Args:
        scores: outputs before the activation, (N, C) or (N, C, ...).
        target: labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        activation: ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets: see :func:`check_squared_error`.
        **options: of :func:`mmgb.functional.losses.elementwise.elementwise_loss`.

    Raises:
        ValueError: settings or tensors outside these ranges.
    """
    targets = check_squared_error(activation, targets)
    return elementwise_loss(scores, target, SquaredError(activation), targets, **options)


def check_squared_error(activation: str, targets: str | tuple[float, float]) -> tuple[float, float]:
    """The targets ``(negative, positive)`` by value.

    Args:
        activation: see :data:`RANGES`.
        targets: two numbers in the activation's range, the negative one first; or ``'unit'`` {0, 1}, ``'symmetric'``
            {-1, 1}, ``'max_curvature'``: where the activation's second derivative is largest (LeCun et al. 2012;
            not for linear outputs, which have none).

    Raises:
        ValueError: that names the setting at fault.
    """
    if activation not in RANGES:
        raise ConfigError(f'activation={activation!r}: expected one of {", ".join(RANGES)}')
    if isinstance(targets, str):
        named = dict(NAMED_TARGETS)
        if activation in MAX_CURVATURE:
            named['max_curvature'] = MAX_CURVATURE[activation]
        if targets not in named:
            raise ConfigError(
                f'targets={targets!r}: with {activation} outputs expected two numbers or one of {", ".join(named)}'
            )
        targets = named[targets]
    negative, positive = check_targets(targets)
    lowest, highest = RANGES[activation]
    if negative < lowest or positive > highest:
        raise ConfigError(
            f'targets=({negative:g}, {positive:g}): {activation} outputs reach only {lowest:g} to {highest:g}'
        )
    return negative, positive

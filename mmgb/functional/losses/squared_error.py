r"""Squared error of linear, sigmoid or tanh outputs: the losses of the gradient-boosting paper's Table 1.

.. math::
    F(x, t) = \tfrac12 (f(x) - t)^2 \qquad \delta(x, t) = (f(x) - t)\, f'(x)

With a saturating activation f the delta vanishes where f saturates, even if the output is wrong. This is the paper's
case for linear outputs (Øland et al. 2017, Section 1.1), and the reason why the lecture on training tricks advises
against this combination.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import ConfigError
from .elementwise import elementwise_loss
from .formula import Formula
from .settings import check_target_pair, shown

if TYPE_CHECKING:
    from typing import Unpack  # Python 3.11; type checkers alone read this

    from .elementwise import ElementwiseOptions

RANGES = {'linear': (-math.inf, math.inf), 'sigmoid': (0.0, 1.0), 'tanh': (-1.0, 1.0)}
# Outputs where the activation's second derivative is extreme (LeCun et al., Efficient BackProp, 2012, Section 4.5).
MAX_CURVATURE = {
    'sigmoid': ((3 - math.sqrt(3)) / 6, (3 + math.sqrt(3)) / 6),
    'tanh': (-1 / math.sqrt(3), 1 / math.sqrt(3)),
}
NAMED_TARGETS = {'unit': (0.0, 1.0), 'symmetric': (-1.0, 1.0)}


@dataclass(frozen=True)
class SquaredError(Formula):
    """The formula of squared error.

    Args:
        activation (str): ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets (tuple[float, float]): ``(negative, positive)`` within the activation's range.

    Raises:
        ConfigError: if a setting is outside its range.
    """

    activation: str
    targets: tuple[float, float]

    def __post_init__(self) -> None:
        _check_activation(self.activation)
        negative, positive = check_target_pair(self.targets)
        lowest, highest = self.target_range
        if negative < lowest or positive > highest:
            raise ConfigError(
                f'targets=({negative:g}, {positive:g}): expected numbers from {lowest:g} to {highest:g}, the range of '
                f'{self.activation} outputs'
            )
        object.__setattr__(self, 'targets', (negative, positive))

    @property
    def target_range(self) -> tuple[float, float]:
        return RANGES[self.activation]

    @property
    def degree(self) -> float | None:
        return 2 if self.activation == 'linear' else None

    def potential_by_delta(self, target: float) -> tuple[float, float, float, float]:
        return 0.0, 0.0, -target / 2, 1 / 2

    def output(self, scores: Tensor) -> Tensor:
        return scores if self.activation == 'linear' else getattr(torch, self.activation)(scores)

    def delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        outputs = self.output(scores)
        if self.activation == 'linear':
            return outputs - targets
        slope = outputs * (1 - outputs) if self.activation == 'sigmoid' else 1 - outputs**2
        return (outputs - targets) * slope

    def potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        return (self.output(scores) - targets) ** 2 / 2

    def fit(self, target: float) -> float:
        """Return the score whose delta is 0; infinite at the ends of the activation's range."""
        if self.activation == 'linear':
            return target
        exact = torch.tensor(target, dtype=torch.float64, device='cpu')
        return (exact.logit() if self.activation == 'sigmoid' else exact.atanh()).item()


def squared_error_loss(
    scores: Tensor,
    target: Tensor,
    *,
    activation: str = 'linear',
    targets: str | tuple[float, float] = (0.0, 1.0),
    **options: Unpack[ElementwiseOptions],
) -> Tensor:
    """Compute the squared error, summed over the classes and averaged over the samples.

    Args:
        scores (Tensor): outputs before the activation, (N, C) or (N, C, ...).
        target (Tensor): labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        activation (str): ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets (str | tuple[float, float]): see :func:`resolve_targets`.
        **options: see :func:`mmgb.functional.exp_gb_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape.

    Raises:
        ConfigError: if a setting is outside its range, or a tensor does not fit.
    """
    return elementwise_loss(scores, target, SquaredError(activation, resolve_targets(activation, targets)), **options)


def resolve_targets(activation: str, targets: str | tuple[float, float]) -> tuple[float, float]:
    """Replace named targets by their numbers.

    Args:
        activation (str): ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets (str | tuple[float, float]): two numbers within the activation's range, the smaller one first, are
            returned unchanged. The names are ``'unit'`` {0, 1}, ``'symmetric'`` {-1, 1}, and ``'max_curvature'``,
            where the activation's second derivative is extreme (LeCun et al. 2012; not for linear outputs).

    Raises:
        ConfigError: if the activation or the name is unknown.
    """
    _check_activation(activation)
    if not isinstance(targets, str):
        return targets
    named = dict(NAMED_TARGETS)
    if activation in MAX_CURVATURE:
        named['max_curvature'] = MAX_CURVATURE[activation]
    if targets not in named:
        raise ConfigError(
            f'targets={shown(targets)}: with {activation} outputs expected two numbers or one of {", ".join(named)}'
        )
    return named[targets]


def _check_activation(activation: str) -> None:
    if not isinstance(activation, str) or activation not in RANGES:
        raise ConfigError(f'activation={shown(activation)}: expected one of {", ".join(RANGES)}')

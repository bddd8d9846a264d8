"""exp-GB and pow3-GB: boosted error gradients on linear outputs. The formulas: :mod:`mmgb.functional.losses.formula`.

Both are summed over the classes and averaged over the samples. The paper doesn't state its reduction; this one makes
its learning rates plausible.
"""

from __future__ import annotations

from torch import Tensor

from ..errors import ConfigError
from .elementwise import elementwise_loss
from .formula import ExpGB, Pow3GB
from .kernels.dispatch import fused_gb_loss
from .targets import check_targets


def exp_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    targets: tuple[float, float] = (0.0, 16.0),
    max_delta: float | None = None,
    fused: bool = True,
    **options,
) -> Tensor:
    """Exponential gradient boosting (Section 2.1).

    Args:
        scores: linear outputs, (N, C) or (N, C, ...). Without ``max_delta`` float32 losses are finite for scores up
            to 80, also averaged over a million pixels; from about 90 on ``exp`` overflows and the loss is inf.
        target: labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha: factor of the exponential, > 0.
        targets: ``(negative, positive)``, ``0 <= negative < positive``.
        max_delta: bound of the error delta's magnitude, > 0: a larger delta is clipped, and the loss goes on along
            its tangent. ``None``: no bound.
        fused: whether value and gradient may be computed together, in one pass, where that is possible; False: the
            differentiable formula, as always under ``torch.compile``, ``torch.func`` and in float64.
        **options: ``weight``, ``class_weight``, ``ignore_index``, ``avg_non_ignore``, ``reduction`` and
            ``avg_factor`` of :func:`mmgb.functional.losses.elementwise.elementwise_loss`.

    Raises:
        ValueError: settings or tensors outside these ranges.
    """
    targets = check_exp_gb(alpha, targets, max_delta)
    return elementwise_loss(
        scores, target, ExpGB(alpha, max_delta), targets, fused=fused_gb_loss if fused else None, **options
    )


def pow3_gb_loss(
    scores: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.001,
    beta: float = 0.4,
    targets: tuple[float, float] = (0.0, 10.0),
    max_delta: float | None = None,
    fused: bool = True,
    **options,
) -> Tensor:
    """Cubic gradient boosting (Section 2.2). ``beta`` is any finite number, ``targets`` need only be in order; scores
    up to 1e9 give finite float32 losses. The other arguments as in :func:`exp_gb_loss`."""
    targets = check_pow3_gb(alpha, beta, targets, max_delta)
    return elementwise_loss(
        scores, target, Pow3GB(alpha, beta, max_delta), targets, fused=fused_gb_loss if fused else None, **options
    )


def check_exp_gb(alpha: float, targets: tuple[float, float], max_delta: float | None) -> tuple[float, float]:
    """Return the targets as floats, or raise a ValueError that names the setting at fault."""
    _check_positive('alpha', alpha)
    _check_max_delta(max_delta)
    negative, positive = check_targets(targets)
    if negative < 0:
        raise ConfigError(
            f'targets=({negative:g}, {positive:g}): exp-GB needs a negative target >= 0, since '
            'alpha*exp(x) never reaches a smaller one and the loss would fall without end'
        )
    return negative, positive


def check_pow3_gb(
    alpha: float, beta: float, targets: tuple[float, float], max_delta: float | None
) -> tuple[float, float]:
    """Return the targets as floats, or raise a ValueError that names the setting at fault."""
    _check_positive('alpha', alpha)
    _check_max_delta(max_delta)
    if not float('-inf') < beta < float('inf'):
        raise ConfigError(f'beta={beta!r}: expected a finite number')
    return check_targets(targets)


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < float('inf'):
        raise ConfigError(f'{name}={value!r}: expected a positive number')


def _check_max_delta(max_delta: float | None) -> None:
    if max_delta is not None:
        _check_positive('max_delta', max_delta)

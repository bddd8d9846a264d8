"""Validate the settings of the losses."""

from __future__ import annotations

import math

from ..errors import ConfigError


def check_positive(name: str, value: float) -> None:
    """Raise a ConfigError unless the value is positive and finite."""
    if not 0 < value < math.inf:
        raise ConfigError(f'{name}={value!r}: expected a positive number')


def check_finite(name: str, value: float) -> None:
    """Raise a ConfigError if the value is infinite or NaN."""
    if not -math.inf < value < math.inf:
        raise ConfigError(f'{name}={value!r}: expected a finite number')


def check_max_delta(max_delta: float | None) -> None:
    """Raise a ConfigError unless the bound is None or positive and finite."""
    if max_delta is not None:
        check_positive('max_delta', max_delta)


def check_target_pair(targets: tuple[float, float]) -> tuple[float, float]:
    """Return the targets ``(negative, positive)`` as two floats.

    Raises:
        ConfigError: if they are not two finite numbers with the smaller one first.
    """
    try:
        negative, positive = (float(target) for target in targets)
    except (TypeError, ValueError):
        raise ConfigError(f'targets={targets!r}: expected two numbers (negative, positive)') from None
    if not -math.inf < negative < positive < math.inf:
        raise ConfigError(
            f'targets=({negative:g}, {positive:g}): expected finite numbers, the target of the wrong classes first '
            'and the larger target of the target class second'
        )
    return negative, positive

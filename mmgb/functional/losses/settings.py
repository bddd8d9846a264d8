"""Validate the settings of the losses."""

from __future__ import annotations

import math
import numbers
import reprlib
from typing import Any

from ..errors import ConfigError

_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = _SHOWN.maxlong = 100


def shown(value: Any) -> str:
    """Return the value's representation for an error message, shortened if it is long."""
    return _SHOWN.repr(value)


def is_number(value: Any) -> bool:
    """Return True for a finite real number of Python or NumPy. A bool is not a number."""
    if type(value) is float:  # the usual case, at once
        return math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer or fraction beyond the largest float
        return False


def is_one_of(value: Any, *words: str) -> bool:
    """Return True for one of the words. Other types compare in their own ways; arrays have no truth value."""
    return isinstance(value, str) and value in words


def check_positive(name: str, value: float) -> float:
    """Return the value as a float; raise a ConfigError unless it is a positive and finite number."""
    if not is_number(value) or value <= 0:
        raise ConfigError(f'{name}={shown(value)}: expected a positive number')
    return float(value)


def check_not_negative(name: str, value: float) -> float:
    """Return the value as a float; raise a ConfigError unless it is a finite number of at least 0."""
    if not is_number(value) or value < 0:
        raise ConfigError(f'{name}={shown(value)}: expected a finite number >= 0')
    return float(value)


def check_finite(name: str, value: float) -> float:
    """Return the value as a float; raise a ConfigError unless it is a finite number."""
    if not is_number(value):
        raise ConfigError(f'{name}={shown(value)}: expected a finite number')
    return float(value)


def check_bool(name: str, value: bool) -> None:
    """Raise a ConfigError unless the value is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f'{name}={shown(value)}: expected True or False')


def check_max_delta(max_delta: float | None) -> None:
    """Raise a ConfigError unless the bound is None or positive and finite."""
    if max_delta is not None:
        check_positive('max_delta', max_delta)


def check_ignore_index(ignore_index: int | None) -> None:
    """Raise a ConfigError unless the label of the ignored samples is None or one integer."""
    if ignore_index is None:
        return
    is_integer = isinstance(ignore_index, numbers.Integral) and not isinstance(ignore_index, bool)
    if not is_integer or not -(2**63) <= ignore_index < 2**63:
        raise ConfigError(f'ignore_index={shown(ignore_index)}: expected one integer of 64 bits or None')


def check_target_pair(targets: tuple[float, float]) -> tuple[float, float]:
    """Return the targets ``(negative, positive)`` as two floats.

    Raises:
        ConfigError: if they are not two finite numbers with the smaller one first.
    """
    if not isinstance(targets, (list, tuple)) or len(targets) != 2:
        raise ConfigError(f'targets={shown(targets)}: expected two numbers (negative, positive)')
    negative, positive = targets
    for target in targets:
        if type(target) is not float and (isinstance(target, bool) or not isinstance(target, numbers.Real)):
            raise ConfigError(f'targets={shown(targets)}: expected two numbers (negative, positive)')
    if not (is_number(negative) and is_number(positive) and float(negative) < float(positive)):
        pair = ', '.join(f'{target:g}' if isinstance(target, float) else shown(target) for target in targets)
        raise ConfigError(
            f'targets=({pair}): expected finite numbers, the target of the wrong classes first and the larger target '
            'of the target class second'
        )
    return float(negative), float(positive)

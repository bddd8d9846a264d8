"""Checks of settings that several components have."""

from __future__ import annotations

import numbers

from mmgb.functional.errors import ConfigError


def check_integer(name: str, value: object, meaning: str = 'an integer') -> int:
    """Return ``value`` as Python's int, which can't overflow as numpy's integers do.

    Args:
        name (str): field that has the value.
        value (object): value to check.
        meaning (str): what the message says is expected. Default: 'an integer'.

    Raises:
        ConfigError: if ``value`` isn't an integer; a bool, a float such as NaN or 2.0, and a text are none.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ConfigError(f'{name}={value!r}: expected {meaning}')
    return int(value)


def check_flag(name: str, value: object) -> None:
    """Raise a ConfigError unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f'{name}={value!r}: expected True or False')

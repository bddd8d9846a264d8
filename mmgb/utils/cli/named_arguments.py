"""Parse ``NAME=VALUE`` arguments."""

from __future__ import annotations

from collections.abc import Iterable

from mmgb.functional.errors import ConfigError


def split_argument(argument: str, form: str, option: str = '') -> tuple[str, str]:
    """Split ``argument`` at its first ``=``.

    Args:
        argument (str): text from the command line.
        form (str): expected form for the error message, such as ``'KEY=VALUE'``.
        option (str): option that the argument belongs to, for the error message. Default: '', a positional argument.

    Returns:
        tuple[str, str]: name and value.

    Raises:
        ConfigError: if the argument has no ``=``, or nothing before it.
    """
    name, equals, value = argument.partition('=')
    if not name or not equals:
        raise ConfigError(f"{option} '{argument}': expected {form}".lstrip())
    return name, value


def parse_named(arguments: Iterable[str], form: str) -> dict[str, str]:
    """Parse positional ``NAME=VALUE`` arguments.

    Args:
        arguments (Iterable[str]): texts from the command line.
        form (str): expected form of each for the error message, such as ``'NAME=FILE.json'``.

    Returns:
        dict[str, str]: name to value, in the order of ``arguments``.

    Raises:
        ConfigError: if an argument lacks its name or its value, or if two have the same name.
    """
    named: dict[str, str] = {}
    for argument in arguments:
        name, value = split_argument(argument, form)
        if not value:
            raise ConfigError(f"'{argument}': expected {form}")
        if name in named:
            raise ConfigError(f"the name '{name}' is given twice")
        named[name] = value
    return named

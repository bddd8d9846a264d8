"""``NAME=VALUE`` arguments of the tools that compare several things."""

from collections.abc import Iterable

from mmgb.functional.errors import ConfigError


def parse_named(arguments: Iterable[str], form: str) -> dict[str, str]:
    """{name: value}, in order.

    Args:
        arguments: of the command line.
        form: what one looks like, for the message: ``'NAME=FILE.json'``.

    Raises:
        ConfigError: an argument without a name or a value; a name that is given twice.
    """
    named = {}
    for argument in arguments:
        name, _, value = argument.partition('=')
        if not name or not value:
            raise ConfigError(f"'{argument}' should be {form}")
        if name in named:
            raise ConfigError(f"the name '{name}' is given twice")
        named[name] = value
    return named

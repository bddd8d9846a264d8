"""Report missing and unwritable files of a tool's arguments as invalid input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mmgb.functional.errors import ConfigError


@contextmanager
def os_errors_as_config_errors() -> Iterator[None]:
    """Raise an OSError of the block as a ConfigError with the same message, so that a tool ends with one sentence."""
    try:
        yield
    except OSError as error:
        raise ConfigError(str(error)) from error

"""The one exception for invalid input, raised by every layer of mmgb."""

from __future__ import annotations


class ConfigError(ValueError):
    """Invalid user input: a setting, a command-line option, a file or a batch.

    The message is one sentence that names the field, its value and what is allowed, such as
    ``alpha=-1.0: expected a positive number``. The command-line tools print it without a traceback and exit with
    code 2.
    """

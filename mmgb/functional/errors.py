"""The exceptions that the command-line tools print as one sentence: invalid input, and a training that diverges."""

from __future__ import annotations

LONGEST_MESSAGE = 500  # characters


class ConfigError(ValueError):
    """Invalid user input: a setting, a command-line option, a file or a batch.

    The message is one sentence that names the field, its value and what is allowed, such as
    ``alpha=-1.0: expected a positive number``. The command-line tools print it without a traceback and exit with
    code 2. A message of more than ``LONGEST_MESSAGE`` characters loses its middle, because it begins with the field and
    ends with the fix. Line ends and control characters, which a damaged file can bring into it, are escaped.
    """

    def __init__(self, message: str = '') -> None:
        super().__init__(shorten(printable(message)))


class DivergenceError(FloatingPointError):
    """The loss of a training is NaN or infinite.

    The message is one sentence. The command-line tools print it after ``FloatingPointError:`` without a traceback, and
    exit with code 1: the config is valid, so that other seeds may train.
    """

    def __init__(self, message: str = '') -> None:
        super().__init__(shorten(message))


def printable(text: str) -> str:
    r"""Return ``text`` with each character that a terminal does not show as an escape, such as ``\n``."""
    return text if text.isprintable() else ''.join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def shorten(text: str, limit: int = LONGEST_MESSAGE) -> str:
    """Return ``text`` with its middle replaced by '…' if it has more than ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f'{text[:head]}…{text[len(text) - (limit - head - 1) :]}'

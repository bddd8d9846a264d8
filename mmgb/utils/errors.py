"""Texts that describe an exception in one line."""

from __future__ import annotations

import re
from pickle import UnpicklingError


def one_line(error: BaseException, limit: int = 400) -> str:
    """Return the type and message of ``error`` in one line, the message cut to ``limit`` characters."""
    message = ' '.join(str(error.args[0] if len(error.args) == 1 else error).split())
    shortened = message if len(message) <= limit else message[:limit] + '…'
    return f'{type(error).__name__}: {shortened}'


def unsafe_content(error: UnpicklingError) -> str:
    """Return the reason for which ``torch.load(…, weights_only=True)`` refused a file."""
    forbidden = re.search(r'GLOBAL (\S+)', str(error))
    return (
        'reading it could run code, because it holds more than weights and numbers ('
        + (forbidden.group(1) if forbidden else one_line(error))
        + ')'
    )

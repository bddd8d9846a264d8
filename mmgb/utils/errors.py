"""Exceptions that end a tool with one sentence, and texts that describe an exception in one line."""

from __future__ import annotations

import errno
import re
from pickle import UnpicklingError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, over the quota, over the largest file size


class Stopped(Exception):
    """A tool's work ended before its end by nobody's fault: a signal or a full disk.

    Args:
        sentence (str): why it ended, and how to continue.
        code (int): exit code of the tool. Default: 1.
    """

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def find_disk_full(error: BaseException | None) -> OSError | None:
    """Return the error that says that a file has no room: ``error``, or one that it replaced; None if there is none."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return error
        error = error.__cause__ or error.__context__
    return None


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

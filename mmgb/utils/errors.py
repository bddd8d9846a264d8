"""Exceptions that end a tool with one sentence, and texts that describe an exception in one line."""

from __future__ import annotations

import builtins
import errno
import importlib.util
import re
import sys
from pickle import UnpicklingError

from mmgb.functional.errors import shorten

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


def find_unanswered(error: BaseException | None) -> int | None:
    """Return after how many milliseconds gloo gave up another process: in ``error``, or one that it replaced.

    Returns:
        int | None: the time, or None if no such error is there. NCCL's watchdog ends a process without an exception.
    """
    while error is not None:
        found = re.search(r'Timed out waiting (\d+)ms', str(error))
        if isinstance(error, RuntimeError) and found:
            return int(found[1])
        error = error.__cause__ or error.__context__
    return None


def one_line(error: BaseException, limit: int = 400) -> str:
    """Return the type and message of ``error`` in one line, the message cut to ``limit`` characters."""
    message = ' '.join(str(error.args[0] if len(error.args) == 1 else error).split())
    return f'{type(error).__name__}: {shorten(message, limit)}'


def refused_content(error: UnpicklingError) -> str:
    """Return the reason for which ``torch.load(…, weights_only=True)`` refused a file: unsafe or damaged content."""
    name = re.search(r'GLOBAL (\S+)', str(error))
    if name and _may_exist(name.group(1)):
        return f'reading it could run code, because it holds more than weights and numbers ({name.group(1)})'
    return 'expected a file of torch.save with weights and numbers, got other or damaged content'


def _may_exist(name: str) -> bool:
    """Return True if a function of the dotted name may exist; the bytes of a damaged file may ask for any name."""
    top, dot, _ = name.partition('.')
    if not dot:
        return hasattr(builtins, top)
    # Finders raise ValueError for an empty name and other names that no module can have.
    return top in sys.modules or (top.isidentifier() and importlib.util.find_spec(top) is not None)

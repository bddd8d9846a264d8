"""SIGINT and SIGTERM: end at once while a tool imports, and raise :class:`Interrupted` while it works.

This module imports only the standard library, so that a tool can call :func:`end_when_interrupted` before its slow
imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ExceptHook = Callable[[type, BaseException, 'TracebackType | None'], object]
RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # variables of torchrun, Slurm and Open MPI

_received: Interrupted | None = None


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM received while a tool works.

    Attributes:
        code (int): exit code by the shell's convention: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f'interrupted by {signal.Signals(number).name}')
        self.code = 128 + number


def end_when_interrupted() -> None:
    """Make SIGINT and SIGTERM end this process with one sentence, without unwinding."""
    _set_handlers(_end)


def raise_when_interrupted() -> None:
    """Make SIGINT and SIGTERM raise :class:`Interrupted` in this process, and end it at the second signal.

    Worker processes of data loaders inherit the handlers. They end silently, with exit code 0, because torch reports
    another code as a failure of the worker. They also say nothing if this process is interrupted while it takes a
    batch from them.
    """
    _set_handlers(_raise)
    sys.excepthook = partial(_report_unless_left, sys.excepthook)


def is_first_rank() -> bool:
    """Return True in a single process, and in rank 0 of several, by the launcher's environment variables."""
    return next((os.environ[name] for name in RANKS if name in os.environ), '0') == '0'


def received_interrupt() -> Interrupted | None:
    """Return the interruption that this process has received, also if another exception has replaced it since.

    mmengine, for example, formats a config under a bare ``except`` that raises a SyntaxError.
    """
    return _received


def _set_handlers(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and shells ignore signals on purpose
            signal.signal(number, handler)


def _report_unless_left(report: ExceptHook, kind: type, error: BaseException, trace: TracebackType | None) -> None:
    """Report an exception, but not that of a worker whose main process has closed their connection."""
    in_worker = multiprocessing.parent_process() is not None
    if not (in_worker and isinstance(error, (ConnectionError, EOFError))):
        report(kind, error, trace)


def _end(number: int, frame: FrameType | None) -> None:
    if multiprocessing.parent_process() is not None:
        os._exit(0)
    if is_first_rank():
        tool = os.path.basename(sys.argv[0])
        os.write(2, f'{tool}: {Interrupted(number)} before it started\n'.encode())
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    if multiprocessing.parent_process() is not None:
        os._exit(0)
    signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, 'SIGCHLD'):  # torch's handler raises an error if the same signal has killed a worker
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
    global _received
    _received = Interrupted(number)
    raise _received

"""Run processes, a limited number at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Job = TypeVar('Job')
POLL_SECONDS = 0.1
# torchrun starts its ranks in sessions of their own and stops them when it receives SIGTERM.
SECONDS_TO_STOP = 10.0


def run_processes(
    jobs: Sequence[Job], start: Callable[[Job], subprocess.Popen], at_once: int
) -> Iterator[tuple[Job, int | None]]:
    """Run one process per job, in order.

    When the iterator is closed, for whatever reason its loop ends, the running processes and all their descendants are
    stopped.

    Args:
        jobs: the jobs.
        start: starts the process of a job, with ``start_new_session=True``.
        at_once (int): largest number of processes at a time.

    Yields:
        ``(job, None)`` when a job has started, and ``(job, exit code)`` when it has ended. The code of a process killed
        by a signal is negative.
    """
    waiting, running = deque(jobs), {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.popleft()
                running[start(job)] = job
                yield job, None
            for process in [process for process in running if process.poll() is not None]:
                yield running.pop(process), process.returncode
            time.sleep(POLL_SECONDS)
    finally:
        stop(running)


def stop(processes: Iterable[subprocess.Popen]) -> None:
    """Stop processes and their descendants by SIGTERM, and after ten seconds by SIGKILL.

    Args:
        processes: processes that lead a session of their own.
    """
    for process in processes:
        _end_group(process)
    give_up = time.monotonic() + SECONDS_TO_STOP
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, give_up - time.monotonic()))
        _end_group(process, kill=True)  # descendants may have ignored SIGTERM
        process.wait()


def _end_group(process: subprocess.Popen, kill: bool = False) -> None:
    """Send SIGTERM, or SIGKILL, to a process and its descendants; on Windows, which has no groups, to it alone."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, 'killpg'):
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        elif kill:
            process.kill()
        else:
            process.terminate()


def interrupt_on_termination() -> None:
    """Make SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does, unless they are ignored (``nohup``)."""

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    for name in ('SIGTERM', 'SIGHUP'):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)

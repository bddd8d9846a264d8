"""Several processes, some of them at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Job = TypeVar('Job')
POLL_SECONDS = 0.1


def run_processes(
    jobs: Sequence[Job], start: Callable[[Job], subprocess.Popen], at_once: int
) -> Iterator[tuple[Job, int | None]]:
    """Runs one process a job, ``at_once`` of them at a time, in order.

    When the iterator is closed, by whatever ends the loop over it, the processes that still run are killed with all
    that they have started.

    Args:
        start: starts a job's process, with ``start_new_session=True``.

    Yields:
        ``(job, None)`` when a job is started, and ``(job, exit code)`` when it has ended; the code is negative for a
        process that a signal has killed.
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
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def interrupt_when_told_to_end() -> None:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does, unless they are ignored (``nohup``)."""

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)

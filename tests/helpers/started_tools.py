"""Tools started as processes of their own, which a test waits for, interrupts and kills."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from helpers.tiny_runs import ROOT, TOOLS


@contextlib.contextmanager
def started(folder: Path, line: str, path: Sequence = (), shell: str = '') -> Iterator[subprocess.Popen]:
    """Start a command line ``TOOL ARGUMENT …``, with its output in ``folder/output``, and kill what is left at the end.

    Args:
        folder: working directory.
        line: command line; the tool is a path below ``tools/``.
        path: folders to put first on PYTHONPATH.
        shell: command of the shell that runs before the tool in its process, such as ``ulimit``.
    """
    tool, _, arguments = line.partition(' ')
    interpreter = 'bash' if tool.endswith('.sh') else f'{sys.executable} -W ignore'
    environment = {
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '-1',
        'PATH': os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]),
        'PYTHONPATH': os.pathsep.join(map(str, (*path, ROOT))),
    }
    with open(folder / 'output', 'wb') as output:
        process = subprocess.Popen(
            ['bash', '-c', f'{shell or ":"}; exec {interpreter} {TOOLS / tool} {arguments}'],
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=accept_sigint,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def accept_sigint() -> None:
    """Undo that a shell ignores SIGINT in commands that it runs in the background, such as the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until ``condition()`` is true; fail after ``seconds``."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, 'waited in vain'
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Return True if a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below one."""
    rows = subprocess.run(['ps', '-eo', 'pid=,ppid='], stdout=subprocess.PIPE, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for row in rows.splitlines():
        child, parent = map(int, row.split())
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found

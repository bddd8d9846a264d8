"""Tools started as processes of their own, which a test waits for, interrupts and kills."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from helpers.fork_server import ForkedProcess
from helpers.tiny_runs import TOOLS, environment_with, interpreter


@contextlib.contextmanager
def started(
    folder: Path, line: str, path: Sequence = (), file_limit: int = 0, new_interpreter: bool = False
) -> Iterator[subprocess.Popen | ForkedProcess]:
    """Start a command line ``TOOL ARGUMENT …``, with its output in ``folder/output``, and kill what is left at the end.

    Args:
        folder: working directory.
        line: command line; the tool is a path below ``tools/``.
        path: folders to put first on PYTHONPATH.
        file_limit: largest size of a file that the tool may write, in KiB, or 0 for any.
        new_interpreter: start an interpreter, which imports PyTorch for seconds, instead of forking one that has.
    """
    tool, *arguments = line.split()
    command = [str(TOOLS / tool), *arguments]
    with open(folder / 'output', 'wb') as output, open(os.devnull) as nothing:
        if tool.endswith('.sh') or new_interpreter:
            process = subprocess.Popen(
                [*interpreter(tool), *command],
                cwd=folder,
                env=environment_with(path),
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=accept_sigint,
            )
        else:
            process = ForkedProcess(command, folder, environment_with(path), nothing, output)
    if file_limit:  # before the tool's imports are through, and for the processes that it will start
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1024 * file_limit,) * 2)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=600)


def accept_sigint() -> None:
    """Undo that a shell ignores SIGINT in commands that it runs in the background, such as the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], seconds: float = 600) -> None:
    """Wait until ``condition()`` is true; fail after ``seconds``."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, 'waited in vain'
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Return True if a process with this id runs, and is not merely waiting for its parent to notice its end."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


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

"""End a process when the process that started it has ended.

The kernel gives an orphan another parent, so a thread compares ``os.getppid()`` once a second. Unlike Linux's
parent-death signal this works on every Unix, and does not depend on the thread that started the process.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

VARIABLE = 'MMGB_PARENT_PID'
SECONDS = 1.0


def environment_of_children() -> dict[str, str]:
    """Return the environment variable by which a process names itself to those it starts."""
    return {VARIABLE: str(os.getpid())}


def end_with_parent(is_rank: bool) -> None:
    """Start a thread that ends this process, without unwinding, at most a second after its parent has ended.

    Args:
        is_rank (bool): True if a launcher has started this process. The parent is then watched even if it did not set
            the environment variable, as torchrun does not. Otherwise a process without the variable may outlive its
            parent, like any command started from a shell.
    """
    named = os.environ.pop(VARIABLE, None)  # removed, because a process that this one starts has another parent
    if named is None and not is_rank:
        return
    parent = os.getppid() if named is None else int(named)
    threading.Thread(target=_watch, args=(parent,), name='end_with_parent', daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    with contextlib.suppress(OSError):  # the parent may have read this process's output
        os.write(2, f'{os.path.basename(sys.argv[0])}: stopped: its launcher, process {parent}, has ended\n'.encode())
    os._exit(1)

"""Clean process exit for members of a torch process group."""

from __future__ import annotations

import atexit
import os
import sys

from torch import distributed


def in_process_group() -> bool:
    """Return True if this process has joined a torch process group."""
    return distributed.is_available() and distributed.is_initialized()


def exit_if_distributed(code: int = 0) -> None:
    """Exit at once with ``code`` if this process is in a process group; otherwise do nothing.

    During a normal interpreter exit gloo's threads still release the tensors of the last collective. They need Python's
    lock for that, and abort the process (SIGABRT) if the interpreter has already shut down.
    """
    if not in_process_group():
        return
    if code == 0:  # after an error an orderly exit can wait for ranks that wait for this one; the launcher stops them
        distributed.destroy_process_group()
        atexit._run_exitfuncs()  # ends the workers of data loaders and flushes the log writers
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

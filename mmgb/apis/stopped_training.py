"""Say in one sentence why a training stopped, and how to continue it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmgb.utils.errors import Stopped, find_disk_full, one_line
from mmgb.utils.process_interrupt import received_interrupt


@contextmanager
def explain_how_to_continue(work_dir: str) -> Iterator[None]:
    """Raise :class:`~mmgb.utils.errors.Stopped` if a signal or a full disk ends the block.

    Args:
        work_dir (str): folder of the training.
    """
    original = logging.Handler.handleError
    logging.Handler.handleError = _raise_disk_full(original)
    try:
        try:
            yield
        except Exception as error:
            full = find_disk_full(error)
            if full is None:
                raise
            raise Stopped(f'{one_line(full)}; make room, then {how_to_continue(work_dir)}') from error
    except BaseException as error:  # also if a rank that was interrupted first has caused it
        interrupt = received_interrupt()
        if interrupt is None:
            raise
        raise Stopped(f'{interrupt}; {how_to_continue(work_dir)}', interrupt.code) from error
    finally:
        logging.Handler.handleError = original


def how_to_continue(work_dir: str) -> str:
    """Return the command, in words, that continues the training of ``work_dir``."""
    pointer = Path(work_dir, 'last_checkpoint')
    if pointer.is_file():
        name = Path(pointer.read_text(encoding='utf-8', errors='replace').strip()).name
        if name and Path(work_dir, name).is_file():
            return f"run the same command with --resume to continue from '{Path(work_dir, name)}'"
    return f"run the same command again to start anew: '{work_dir}' has no checkpoint yet"


def _raise_disk_full(original: Callable) -> Callable:
    """Return a replacement of ``logging.Handler.handleError``, which prints a traceback for each lost line."""

    def handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
        full = find_disk_full(sys.exc_info()[1])
        if full:
            raise full
        original(self, record)

    return handle_error

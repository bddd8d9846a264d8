"""Say in one sentence why a training stopped, and how to continue it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config

from mmgb.utils.errors import Stopped, find_disk_full, find_unanswered, one_line
from mmgb.utils.process_interrupt import received_interrupt

from .checkpoint import is_remote
from .latest_checkpoint import named_checkpoint
from .resume import checkpoint_folder


@contextmanager
def explain_how_to_continue(cfg: Config) -> Iterator[None]:
    """Raise :class:`~mmgb.utils.errors.Stopped` if a signal, a full disk or a process that hangs ends the block.

    Args:
        cfg (Config): config of the training; ``work_dir`` must be set.
    """
    original = logging.Handler.handleError
    logging.Handler.handleError = _raise_disk_full(original)
    try:
        try:
            yield
        except Exception as error:
            full, waited = find_disk_full(error), find_unanswered(error)
            if full:
                raise Stopped(f'{one_line(full)}; make room, then {how_to_continue(cfg)}') from error
            if waited is not None:
                raise Stopped(
                    f'another process of the training did not answer for {waited / 1000:g} s (env_cfg.dist_cfg.timeout'
                    f'), it hangs or its machine is unreachable; {how_to_continue(cfg)}'
                ) from error
            raise
    except BaseException as error:  # also if a rank that was interrupted first has caused it
        interrupt = received_interrupt()
        if interrupt is None:
            raise
        raise Stopped(f'{interrupt}; {how_to_continue(cfg)}', interrupt.code) from error
    finally:
        logging.Handler.handleError = original


def how_to_continue(cfg: Config) -> str:
    """Return the command, in words, that continues the training of a config."""
    folder, named = checkpoint_folder(cfg), named_checkpoint(cfg.work_dir)
    path = Path(folder, Path(named).name) if named else None
    if path and (path.is_file() or is_remote(folder)):
        return f"run the same command with --resume to continue from '{path}'"
    if any(Path(folder).glob('*.pth')):
        return f"run the same command with --resume to continue from the newest checkpoint in '{folder}'"
    return f"run the same command again to start anew: '{folder}' has no checkpoint yet"


def _raise_disk_full(original: Callable) -> Callable:
    """Return a replacement of ``logging.Handler.handleError``, which prints a traceback for each lost line."""

    def handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
        full = find_disk_full(sys.exc_info()[1])
        if full:
            raise full
        original(self, record)

    return handle_error

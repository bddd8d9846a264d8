"""The lock that keeps two trainings out of one work directory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from mmgb.utils.atomic_write import UNFINISHED
from mmgb.utils.process_interrupt import is_first_rank
from mmgb.utils.process_lock import NAME, ProcessLock


@contextmanager
def lock_work_dir(cfg: Config) -> Iterator[Callable[[], None]]:
    """Hold the lock of ``cfg.work_dir``; of several processes that train together only rank 0 holds it.

    If the last owner was killed, the files that it has written in part are deleted.

    Testing needs no lock: ``tools/test.py`` writes into a subfolder of its own.

    Args:
        cfg (Config): config of the training.

    Yields:
        Function to call when the log exists: it logs that the lock was taken over from a process that was killed.

    Raises:
        ConfigError: if another training holds the lock.
    """
    if cfg.launcher != 'none' and not is_first_rank():
        yield lambda: None
        return
    folder = cfg.work_dir
    with ProcessLock(Path(folder, NAME), f"work_dir='{folder}'", 'wait for its end or set --work-dir') as lock:
        if lock.stale_owner:
            for path in Path(folder).glob(f'*{UNFINISHED}'):
                if path.is_file():
                    path.unlink()

        def report() -> None:
            if lock.stale_owner:
                message = f"'{lock.path}' is taken over from {lock.stale_owner}, which was killed."
                print_log(message, 'current', logging.WARNING)

        yield report

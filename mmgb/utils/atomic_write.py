"""Atomic writes: a file or folder appears under its name only when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

UNFINISHED = '.unfinished'  # ending of a temporary file or folder, which remains if its writer is killed


@contextmanager
def atomic_write(path: str | Path, mode: str = 'w') -> Iterator[IO[Any]]:
    """Open a temporary file next to ``path`` and rename it to ``path`` when the block ends without an error.

    Args:
        path (str | Path): file to write; an existing one is replaced. Missing parent folders are created.
        mode (str): ``'w'`` for UTF-8 text or ``'wb'`` for bytes.

    Yields:
        The open temporary file. It is removed if the block raises, and ``path`` is left as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name that no other running process uses.
    temporary = path.with_name(f'{path.name}.{os.getpid()}{UNFINISHED}')
    try:
        with open(temporary, mode, encoding=None if 'b' in mode else 'utf-8') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # a full disk or quota shows before the old file is replaced
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Create a folder ``NAME.unfinished`` and rename it to ``path``, NAME, when the block ends without an error.

    One process at a time may make ``path``: an unfinished folder that a killed process left behind is removed first.

    Args:
        path (str | Path): folder to make; it must not exist yet. Missing parent folders are created.

    Yields:
        The temporary folder. It is removed if the block raises.
    """
    path = Path(path)
    temporary = path.with_name(f'{path.name}{UNFINISHED}')
    if temporary.exists():
        shutil.rmtree(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)

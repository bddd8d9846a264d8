"""Find the checkpoint from which the training of a work dir goes on.

``last_checkpoint`` in a work dir names the latest checkpoint with the path that it had when it was written. The work
dir may have been moved or copied since, and the file may be missing or damaged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch

from mmgb.compat.checkpoint_reading import allow_checkpoint_globals
from mmgb.functional.errors import ConfigError, shorten

from .checkpoint import is_archive, is_remote, read_checkpoint

LONGEST_PATH = 4096  # bytes


class LatestCheckpoint(NamedTuple):
    """Checkpoint from which a training goes on.

    Attributes:
        path (str): file.
        checkpoint (dict): its content.
        remark (str): why it is not the file that ``last_checkpoint`` names; '' if it is.
    """

    path: str
    checkpoint: dict
    remark: str


def find_latest_checkpoint(
    work_dir: str | Path, folder: str | Path | None = None, check: Callable[[dict, str], object] = lambda *_: None
) -> LatestCheckpoint | None:
    """Return the checkpoint from which the training of a work dir goes on, or None if there is none.

    It is the file that ``last_checkpoint`` names, looked for in ``folder`` whatever folder the name was written with.
    If that file is missing, unreadable or refused by ``check``, it is the checkpoint of ``folder`` with the most
    iterations that is readable and that ``check`` accepts.

    Args:
        work_dir (str | Path): work dir of the training.
        folder (str | Path | None): folder of the checkpoints. Default: None, the work dir.
        check (Callable[[dict, str], object]): function of a checkpoint and its path that raises ConfigError to refuse
            it. Default: accept all.

    Raises:
        ConfigError: if the work dir has checkpoints or names one, but none can be used. Training afresh would overwrite
            them.
    """
    folder, named = str(folder or work_dir), named_checkpoint(work_dir)
    if named and is_remote(folder):
        wanted, others = named, []
    else:
        wanted = os.path.join(folder, re.split(r'[\\/]', named)[-1]) if named else None
        others = _by_progress(Path(folder).glob('*.pth'))
    faults = [] if named else [f"'{Path(work_dir, 'last_checkpoint')}' names no checkpoint"]
    candidates = [path for path in (wanted, *others) if path]
    for path in dict.fromkeys(candidates):
        try:
            checkpoint = read_checkpoint(path, '--resume')
            check(checkpoint, path)
        except ConfigError as error:
            faults.append(str(error))
            continue
        return LatestCheckpoint(path, checkpoint, f'{faults[0]}; using {path}' if path != wanted else '')
    if candidates:
        raise ConfigError(
            f"--resume: no checkpoint in '{folder}' can be resumed ({shorten(faults[-1], 250)}); to train afresh use "
            'another --work-dir'
        )
    return None


def _by_progress(paths: Iterable[Path]) -> list[str]:
    """Return the files that a training wrote or that are unreadable, those with the most iterations first."""
    progress = {str(path): _iterations(str(path)) for path in paths}
    found = [path for path, iterations in progress.items() if iterations is not None]
    return sorted(found, key=lambda path: (progress[path], os.path.getmtime(path)), reverse=True)


def _iterations(path: str) -> int | None:
    """Return the iterations of a checkpoint's training, None if it is of no training, -1 if it is unreadable."""
    allow_checkpoint_globals()
    try:
        # Mapped into memory, an archive is not read beyond the plain data.
        checkpoint = torch.load(path, map_location='cpu', weights_only=True, mmap=is_archive(path))
        return int(checkpoint['meta']['iter']) if 'message_hub' in checkpoint else None
    except Exception:  # the bytes of a damaged file can raise anything
        return -1


def named_checkpoint(work_dir: str | Path) -> str | None:
    """Return the content of ``last_checkpoint``, or None if it is missing, empty or no text."""
    try:
        with open(Path(work_dir, 'last_checkpoint'), encoding='utf-8') as file:
            named = file.read(LONGEST_PATH).strip()
    except (OSError, UnicodeDecodeError):
        return None
    return named if named and named.isprintable() else None

"""Peak memory of a part of this process's work."""

from __future__ import annotations

from pathlib import Path

import torch

RESET = Path('/proc/self/clear_refs')
STATUS = Path('/proc/self/status')


def reset_peak_memory() -> None:
    """Let :func:`peak_memory` forget what was used before. Does nothing where it can't be measured."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    elif RESET.exists():
        RESET.write_text('5', encoding='ascii')  # Linux: the largest resident set becomes the present one


def peak_memory() -> int | None:
    """Return the most bytes in use since the last reset: of the GPU, or the resident memory of the process.

    The latter includes the imported libraries. Returns None on a system that does not tell it.
    """
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if not STATUS.exists():
        return None
    for line in STATUS.read_text(encoding='ascii').splitlines():
        if line.startswith('VmHWM:'):
            return 1024 * int(line.split()[1])
    return None

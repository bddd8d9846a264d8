"""Keep float32 computations out of autocast."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def without_autocast(device: torch.device) -> AbstractContextManager:
    """Return a context in which autocast changes no operation on ``device``.

    Devices without autocast, such as ``meta``, need no context, and ``torch.autocast`` refuses them.
    """
    return torch.autocast(device.type, enabled=False) if torch.amp.is_autocast_available(device.type) else nullcontext()

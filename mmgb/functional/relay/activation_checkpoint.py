"""Activation checkpoints that a backward pass can traverse more than once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Callable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils import checkpoint as torch_checkpointing

MMENGINE_CHECKPOINTING = 'mmengine.runner.activation_checkpointing'  # this module imports torch's function by name


@contextmanager
def non_reentrant_checkpoints(model: nn.Module) -> Iterator[None]:
    """Make ``checkpoint`` non-reentrant inside the block, unless its caller chooses the kind.

    The reentrant kind is torch's default, and so the default of the hosts; it forbids ``torch.autograd.grad``.
    Recomputing a segment leaves the running statistics of the model's batch norms unchanged, so that they are updated
    once a step.
    """
    holders: list[Any] = [torch_checkpointing]
    if MMENGINE_CHECKPOINTING in sys.modules:
        holders.append(sys.modules[MMENGINE_CHECKPOINTING])
    originals = [holder.checkpoint for holder in holders]
    for holder, original in zip(holders, originals):
        holder.checkpoint = partial(_checkpoint, model, original)
    try:
        yield
    finally:
        for holder, original in zip(holders, originals):
            holder.checkpoint = original


def _checkpoint(
    model: nn.Module,
    original: Callable[..., Any],
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    if use_reentrant is None:
        kwargs.setdefault('context_fn', lambda: (nullcontext(), _FrozenStatistics(model)))
    return original(function, *args, use_reentrant=bool(use_reentrant), **kwargs)


class _FrozenStatistics:
    """Context that keeps the running statistics of batch norms, and can be entered again for each recomputation.

    Copies of the statistics are updated in their place: autograd rejects saved tensors that were written to, even if
    the old values are restored.
    """

    def __init__(self, model: nn.Module) -> None:
        self.norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.training]

    def __enter__(self) -> None:
        self.kept = [dict(norm.named_buffers()) for norm in self.norms]
        for norm in self.norms:
            norm._buffers.update({name: buffer.clone() for name, buffer in norm.named_buffers()})

    def __exit__(self, *exception: object) -> None:
        for norm, buffers in zip(self.norms, self.kept):
            norm._buffers.update(buffers)

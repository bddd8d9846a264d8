"""Activation checkpointing that a backward pass may go through twice."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils import checkpoint as torch_checkpointing

# It keeps a reference to torch's function.
MMENGINES = 'mmengine.runner.activation_checkpointing'


@contextmanager
def non_reentrant_checkpoints(model: nn.Module) -> Iterator[None]:
    """Inside the block, ``checkpoint`` is of the non-reentrant kind where its caller doesn't say which.

    The reentrant kind, which is torch's default and therefore the hosts', forbids ``torch.autograd.grad``. What a
    segment computes anew leaves the running statistics of the model's batch norms alone: they move once a step.
    """
    holders = [torch_checkpointing, *([sys.modules[MMENGINES]] if MMENGINES in sys.modules else [])]
    originals = [holder.checkpoint for holder in holders]
    for holder, original in zip(holders, originals):
        holder.checkpoint = partial(_checkpoint, model, original)
    try:
        yield
    finally:
        for holder, original in zip(holders, originals):
            holder.checkpoint = original


def _checkpoint(model, original, function, *args, use_reentrant=None, **kwargs):
    if use_reentrant is None:
        kwargs.setdefault('context_fn', lambda: (nullcontext(), _UnmovedStatistics(model)))
    return original(function, *args, use_reentrant=bool(use_reentrant), **kwargs)


class _UnmovedStatistics:
    """A context that can be entered again and again: a segment is computed anew in every pass through the graph.

    Copies move in the statistics' place, for autograd refuses saved tensors that were written to, if only to restore
    them.
    """

    def __init__(self, model: nn.Module) -> None:
        self.norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.training]

    def __enter__(self) -> None:
        self.kept = [dict(norm.named_buffers()) for norm in self.norms]
        for norm in self.norms:
            norm._buffers.update({name: buffer.clone() for name, buffer in norm.named_buffers()})

    def __exit__(self, *error) -> None:
        for norm, buffers in zip(self.norms, self.kept):
            norm._buffers.update(buffers)

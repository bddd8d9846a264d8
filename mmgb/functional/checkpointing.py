"""Activation checkpointing that a backward pass may go through twice."""
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from unittest import mock

import torch.utils.checkpoint
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

# mmengine's activation_checkpointing keeps a reference of its own.
_HOLDERS = ('torch.utils.checkpoint', 'mmengine.runner.activation_checkpointing')


@contextmanager
def non_reentrant_checkpoints(model: nn.Module) -> Iterator[None]:
    """Inside the block, ``checkpoint`` is of the non-reentrant kind where its caller doesn't say which.

    The reentrant kind, which is torch's default and therefore the hosts', forbids ``torch.autograd.grad``. What a
    segment computes anew leaves the running statistics of the model's batch norms alone: they move once a step.
    """
    with ExitStack() as patches:
        for name in _HOLDERS:
            if name in sys.modules:
                patches.enter_context(mock.patch.object(
                    sys.modules[name], 'checkpoint', partial(_checkpoint, model, torch.utils.checkpoint.checkpoint)))
        yield


def _checkpoint(model, original, function, *args, use_reentrant=None, **kwargs):
    if use_reentrant is None:
        kwargs.setdefault('context_fn', lambda: (nullcontext(), _UnmovedStatistics(model)))
    return original(function, *args, use_reentrant=bool(use_reentrant), **kwargs)


class _UnmovedStatistics:
    """A context that can be entered again and again: a segment is computed anew in every pass through the graph."""

    def __init__(self, model: nn.Module) -> None:
        self.buffers = [buffer for module in model.modules() if isinstance(module, _BatchNorm)
                        for buffer in module.buffers()]

    def __enter__(self) -> None:
        self.kept = [buffer.clone() for buffer in self.buffers]

    def __exit__(self, *error) -> None:
        for buffer, value in zip(self.buffers, self.kept):
            buffer.copy_(value)

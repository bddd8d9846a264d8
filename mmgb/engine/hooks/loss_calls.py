"""Where a model's scores enter its losses, found by the hosts' conventions."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

NAMES = ('loss_module', 'loss_decode')  # of mmpretrain's heads and of mmseg's


class LossCall(NamedTuple):
    """What a loss was given.

    Attributes:
        scores: (N, C, …).
        valid: which samples or pixels count, bool (N, …); None: all.
        averaged: the number of samples or pixels by which the loss divides; 1 for a sum.
    """

    scores: Tensor
    valid: Tensor | None
    averaged: float | Tensor


def loss_modules(model: nn.Module) -> dict[str, nn.Module]:
    """The losses of all heads by module path: each entry of a head's list of losses, no part of another loss.

    A loss is what a head calls ``loss_module`` or ``loss_decode``, and any module whose ``forward`` calls its first
    argument ``cls_score``.
    """
    found: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        parent, _, name = path.rpartition('.')
        named = name in NAMES or parent.rpartition('.')[2] in NAMES
        if isinstance(module, nn.ModuleList) or any(path.startswith(f'{outer}.') for outer in found):
            continue
        if named or next(iter(inspect.signature(module.forward).parameters), None) == 'cls_score':
            found[path] = module
    return found


def loss_call(loss: nn.Module, args: Sequence, kwargs: dict) -> LossCall | None:
    """What ``loss(*args, **kwargs)`` averages over, by the arguments that the losses of both hosts and of mmgb share.

    ``avg_factor`` where it is given; otherwise the samples that aren't ignored, or, with ``avg_non_ignore=False``, all.
    None if the first argument isn't a tensor of scores.
    """
    bound = inspect.signature(loss.forward).bind(*args, **kwargs)
    bound.apply_defaults()
    given = dict(bound.arguments)
    scores, label = (*given.values(), None)[:2]
    if not isinstance(scores, Tensor) or scores.dim() < 2:
        return None

    def setting(name: str):
        return getattr(loss, name, None) if given.get(name) is None else given[name]

    valid = None
    if (
        isinstance(label, Tensor)
        and not label.is_floating_point()
        and setting('ignore_index') is not None
        and label.shape == scores.shape[:1] + scores.shape[2:]
    ):
        valid = label != setting('ignore_index')
    if (given.get('reduction_override') or getattr(loss, 'reduction', 'mean')) != 'mean':
        averaged = 1
    elif given.get('avg_factor') is not None:
        averaged = given['avg_factor']
    elif valid is not None and getattr(loss, 'avg_non_ignore', False):
        averaged = torch.count_nonzero(valid)
    else:
        averaged = scores.numel() // scores.shape[1]
    return LossCall(scores, valid, averaged)

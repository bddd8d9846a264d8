"""Find the losses of a model and what each call averages over, by the conventions of both hosts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

LOSS_ATTRIBUTES = ('loss_module', 'loss_decode')  # of mmpretrain's heads, of mmseg's heads


class LossCall(NamedTuple):
    """The inputs of one call of a loss.

    Attributes:
        scores (Tensor): (N, C, …) outputs of the network.
        valid (Tensor | None): (N, …) bool mask of the samples or pixels that aren't ignored, or None if all are valid.
        divisor (float | Tensor): number of samples or pixels by which the loss divides its sum; 1 for a sum.
    """

    scores: Tensor
    valid: Tensor | None
    divisor: float | Tensor


def loss_modules(model: nn.Module) -> dict[str, nn.Module]:
    """Return the losses of all heads by module path.

    A loss is an attribute ``loss_module`` or ``loss_decode`` of a head, or any module whose ``forward`` names its first
    argument ``cls_score``. A list of losses contributes its entries; losses inside another loss are skipped.
    """
    found: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        parent, _, name = path.rpartition('.')
        named_as_loss = name in LOSS_ATTRIBUTES or parent.rpartition('.')[2] in LOSS_ATTRIBUTES
        if isinstance(module, nn.ModuleList) or any(path.startswith(f'{outer}.') for outer in found):
            continue
        if named_as_loss or next(iter(inspect.signature(module.forward).parameters), None) == 'cls_score':
            found[path] = module
    return found


def loss_call(loss: nn.Module, args: Sequence, kwargs: dict) -> LossCall | None:
    """Return what ``loss(*args, **kwargs)`` averages over, or None if its first argument isn't a tensor of scores.

    The divisor is ``avg_factor`` if it is passed, else the number of samples that aren't ignored, or of all samples
    with ``avg_non_ignore=False``. The losses of both hosts and of mmgb share these arguments.
    """
    bound = inspect.signature(loss.forward).bind(*args, **kwargs)
    bound.apply_defaults()
    passed = dict(bound.arguments)
    scores, label = (*passed.values(), None)[:2]
    if not isinstance(scores, Tensor) or scores.dim() < 2:
        return None

    def setting(name: str) -> Any:
        return getattr(loss, name, None) if passed.get(name) is None else passed[name]

    valid = None
    if (
        isinstance(label, Tensor)
        and not label.is_floating_point()
        and setting('ignore_index') is not None
        and label.shape == scores.shape[:1] + scores.shape[2:]
    ):
        valid = label != setting('ignore_index')
    if (passed.get('reduction_override') or getattr(loss, 'reduction', 'mean')) != 'mean':
        divisor = 1
    elif passed.get('avg_factor') is not None:
        divisor = passed['avg_factor']
    elif valid is not None and getattr(loss, 'avg_non_ignore', False):
        divisor = torch.count_nonzero(valid)
    else:
        divisor = scores.numel() // scores.shape[1]
    return LossCall(scores, valid, divisor)

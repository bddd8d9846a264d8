"""The boosted losses on a CPU, block by block: value and gradient, and nothing of the scores' size but the gradient.

A block of the scores stays in the cores' caches while a handful of passes go over it: the memory itself is read and
written once. With labels, every class is taken for a wrong one first; what stands at the right ones is then replaced.
"""
import math
from collections.abc import Iterator
from typing import NamedTuple, Optional

import torch
from torch import Tensor

from .fused_eager_labels import label_form
from .gb_forms import BoundedForm
from .target import target_values

# Scores in a block: 512 KiB of float32, and a quarter of that where there are several temporaries, in float64.
LABEL_BLOCK, GENERAL_BLOCK = 2 ** 17, 2 ** 15


class Block(NamedTuple):
    """Indices of a part of the scores, and of the same samples in what has one entry for each sample."""
    scores: tuple[slice, ...]
    samples: tuple[slice, ...]


def evaluate(scores: Tensor, target: Tensor, weight: Tensor, scale: Tensor, form: BoundedForm,
             targets: tuple[float, float], *, per_sample: bool, want_loss: bool,
             want_gradient: bool) -> tuple[Optional[Tensor], Optional[Tensor]]:
    """The losses of the samples times ``weight * scale``, and their gradient.

    Args:
        scores: (N, C) or (N, C, ...), float32, float16 or bfloat16, of any strides; computed in float32.
        target: labels or class scores, checked before.
        weight: of the labels' shape; a sample of weight 0 counts for nothing, whatever stands there.
        scale: a scalar tensor.
        form: exp-GB or pow3-GB.
        targets: ``(negative, positive)``.
        per_sample: whether the losses are wanted one by one or as their sum.
        want_loss, want_gradient: what to return.

    Returns:
        The losses, float32, of the labels' shape or a scalar, or None; the gradient, like the scores, or None.
    """
    gradient = torch.empty_like(scores) if want_gradient else None
    losses = scores.new_empty(weight.shape, dtype=torch.float32) if per_sample else None
    labels_only = None if target.shape == scores.shape else label_form(form, targets)
    total = 0.
    simple = labels_only is not None and form.max_delta is None
    for block in _blocks(scores, LABEL_BLOCK if simple else GENERAL_BLOCK):
        part, factor = scores[block.scores].float(), (weight[block.samples] * scale).unsqueeze(1)
        direct = want_gradient and scores.dtype == torch.float32
        delta = gradient[block.scores] if direct else torch.empty_like(part)
        if labels_only is None:
            part_target = target[block.scores if target.shape == scores.shape else block.samples]
            loss = _fill_from_formulas(delta, part, part_target, form, targets)
        else:
            loss = labels_only.fill(delta, part, target[block.samples].unsqueeze(1))
        loss.mul_(factor)
        delta.mul_(factor)
        part_total = loss.sum().item()
        if not math.isfinite(part_total):  # maybe by 0 * inf
            loss.masked_fill_(factor == 0, 0)
            delta.masked_fill_(factor == 0, 0)
            part_total = loss.sum().item()
        total += part_total
        if per_sample:
            losses[block.samples] = loss.squeeze(1)
        if want_gradient and not direct:
            gradient[block.scores] = delta
    if not per_sample:
        losses = scores.new_tensor(total, dtype=torch.float32)
    return losses if want_loss else None, gradient


def _blocks(scores: Tensor, size: int) -> Iterator[Block]:
    """Cuts the first dimension, and where that isn't enough the third one, into blocks of about ``size`` scores."""
    images, length = scores.shape[0], (scores.shape[2] if scores.dim() > 2 else 1)
    lines = max(1, size * images * length // max(1, scores.numel()))
    step = max(1, lines // max(1, length))
    for first in range(0, images, step):
        if scores.dim() == 2:
            yield Block((slice(first, first + step),), (slice(first, first + step),))
            continue
        for line in range(0, length, lines):
            part = slice(first, first + step), slice(line, line + lines)
            yield Block((part[0], slice(None), part[1]), part)


def _fill_from_formulas(delta: Tensor, scores: Tensor, target: Tensor, form: BoundedForm,
                        targets: tuple[float, float]) -> Tensor:
    """Writes a block's deltas, by the formulas in float64, and returns the losses of its samples."""
    values = target_values(scores, target, targets).double()
    scores = scores.double()
    delta.copy_(form.delta(scores, values))
    return form.potential(scores, values).sum(1, keepdim=True).float()

"""The boosted losses by their formulas, value and gradient together, a block of scores at a time: nothing is of the
scores' size but the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..error_delta import class_labels
from ..formula import BoundedForm

# Scores worked on at once. With labels a block's temporaries stay in the cores' caches; with class scores there are
# several in float64.
LABEL_BLOCK, CLASS_SCORE_BLOCK = 2**16, 2**15


class Block(NamedTuple):
    """Indices of a part of the scores, and of the same samples in what has one entry for each sample."""

    scores: tuple[slice, ...]
    samples: tuple[slice, ...]


def evaluate(
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    form: BoundedForm,
    targets: tuple[float, float],
    *,
    per_sample: bool,
    want_loss: bool,
    want_gradient: bool,
) -> tuple[Tensor | None, Tensor | None]:
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
    soft = target.shape == scores.shape
    total = 0.0
    fill = _fill_from_class_scores if soft else _fill_from_labels
    for block in _blocks(scores, CLASS_SCORE_BLOCK if soft else LABEL_BLOCK):
        part, part_weight = scores[block.scores].float(), weight[block.samples].unsqueeze(1)
        direct = want_gradient and scores.dtype == torch.float32
        delta = gradient[block.scores] if direct else torch.empty_like(part)
        part_target = target[block.scores if soft else block.samples]
        loss = fill(delta, part, part_target, part_weight, scale, form, targets)
        part_total = loss.sum().item()
        if not math.isfinite(part_total):  # maybe by 0 * inf
            loss.masked_fill_(part_weight == 0, 0)
            delta.masked_fill_(part_weight == 0, 0)
            part_total = loss.sum().item()
        total += part_total
        if per_sample:
            losses[block.samples] = loss.squeeze(1)
        if want_gradient and not direct:
            gradient[block.scores] = delta
        del loss  # or it would lie beside what the next block needs
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


def _fill_from_labels(
    delta: Tensor,
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    form: BoundedForm,
    targets: tuple[float, float],
) -> Tensor:
    """Write a block's deltas, return the losses of its samples, (N, 1, ...), both times ``weight * scale``.

    Every class is taken for a wrong one first, then what stands at the right ones is replaced.
    """
    negative, positive = targets
    labels, factor = class_labels(target, scores.shape[1]), weight * scale
    right = scores.gather(1, labels)
    delta.copy_(form.delta(scores, negative)).scatter_(1, labels, form.delta(right, positive)).mul_(factor)
    potential = form.potential(scores, negative).scatter_(1, labels, form.potential(right, positive))
    return potential.sum(1, keepdim=True).mul_(factor)


def _fill_from_class_scores(
    delta: Tensor,
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    form: BoundedForm,
    targets: tuple[float, float],
) -> Tensor:
    """The same from class scores, by the formulas in float64."""
    values = (targets[0] + (targets[1] - targets[0]) * target.float()).double()
    scores, factor = scores.double(), weight * scale
    delta.copy_(form.delta(scores, values)).mul_(factor)
    return form.potential(scores, values).sum(1, keepdim=True).float().mul_(factor)

"""The boosted losses on a CPU by their formulas, value and gradient together, one block of scores at a time.

Only the gradient is as large as the scores. All temporaries are as large as a block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..formula import BoostedFormula
from ..targets import class_labels

# Scores per block. With labels the temporaries of a block stay in the cores' caches. Class scores need more of them, in
# float64.
LABEL_BLOCK, CLASS_SCORE_BLOCK = 2**16, 2**15


class Block(NamedTuple):
    """Indices of a part of the scores, and of the same samples in tensors of the labels' shape."""

    scores: tuple[slice, ...]
    samples: tuple[slice, ...]


def evaluate(
    formula: BoostedFormula,
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    *,
    per_sample: bool,
    want_loss: bool,
    want_gradient: bool,
) -> tuple[Tensor | None, Tensor | None]:
    """Compute the losses of the samples times ``weight * scale``, and their gradient.

    Args:
        formula (BoostedFormula): exp-GB or pow3-GB.
        scores (Tensor): (N, C) or (N, C, ...), float32, float16 or bfloat16 of any strides, computed in float32.
        target (Tensor): labels or class scores, already validated.
        weight (Tensor): factor of each sample, of the labels' shape. Zero-weight samples contribute nothing, even if
            their scores are NaN.
        scale (Tensor): scalar factor of all samples.
        per_sample (bool): whether to return one loss per sample instead of their sum.
        want_loss, want_gradient (bool): which results to compute.

    Returns:
        tuple[Tensor | None, Tensor | None]: the losses in float32, of the labels' shape or a scalar; and the gradient,
            of the scores' shape and type. None for a result that is not wanted.
    """
    gradient = torch.empty_like(scores) if want_gradient else None
    losses = scores.new_empty(weight.shape, dtype=torch.float32) if per_sample else None
    soft = target.shape == scores.shape
    total = 0.0
    fill = _fill_from_class_scores if soft else _fill_from_labels
    for block in _blocks(scores, CLASS_SCORE_BLOCK if soft else LABEL_BLOCK):
        part, part_weight = scores[block.scores].float(), weight[block.samples].unsqueeze(1)
        part_gradient = gradient[block.scores] if gradient is not None else None
        in_place = part_gradient is not None and scores.dtype == torch.float32
        delta = part_gradient if part_gradient is not None and in_place else torch.empty_like(part)
        part_target = target[block.scores if soft else block.samples]
        loss = fill(delta, formula, part, part_target, part_weight * scale)
        part_total = loss.sum().item()
        if not math.isfinite(part_total):  # 0 * inf gave NaN, or an unmasked score is not finite
            loss.masked_fill_(part_weight == 0, 0)
            delta.masked_fill_(part_weight == 0, 0)
            part_total = loss.sum().item()
        total += part_total
        if losses is not None:
            losses[block.samples] = loss.squeeze(1)
        if part_gradient is not None and not in_place:
            part_gradient.copy_(delta)
        del loss  # free it before the next block allocates
    if losses is None:
        losses = scores.new_tensor(total, dtype=torch.float32)
    return losses if want_loss else None, gradient


def _blocks(scores: Tensor, size: int) -> Iterator[Block]:
    """Cut the first dimension, and if necessary the third one, into blocks of about ``size`` scores."""
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


def _fill_from_labels(delta: Tensor, formula: BoostedFormula, scores: Tensor, target: Tensor, factor: Tensor) -> Tensor:
    """Write the deltas of a block into ``delta`` and return the losses of its samples, (N, 1, ...), times ``factor``.

    Every class is treated as wrong first. Then the entries of the target classes are replaced.
    """
    negative, positive = formula.targets
    labels = class_labels(target, scores.shape[1])
    of_target = scores.gather(1, labels)
    of_wrong, potential = formula.delta_and_potential(scores, negative)
    of_target, potential_of_target = formula.delta_and_potential(of_target, positive)
    delta.copy_(of_wrong).scatter_(1, labels, of_target).mul_(factor)
    potential.scatter_(1, labels, potential_of_target)
    return potential.sum(1, keepdim=True).mul_(factor)


def _fill_from_class_scores(
    delta: Tensor, formula: BoostedFormula, scores: Tensor, target: Tensor, factor: Tensor
) -> Tensor:
    """Do the same from class scores, with the formula evaluated in float64."""
    targets = formula.target_of(target.float()).double()
    scores = scores.double()
    of_scores, potential = formula.delta_and_potential(scores, targets)
    delta.copy_(of_scores).mul_(factor)
    return potential.sum(1, keepdim=True).float().mul_(factor)

"""Losses that are a sum over the classes of one function of each output alone.

Softmax + cross-entropy ties the outputs of a sample together by its normaliser; the losses of mmgb don't. What one of
them is stands in :mod:`mmgb.functional.losses.error_delta`; weights and averages are here, the same for all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import ConfigError
from .error_delta import ElementwiseForm, class_labels, potentials
from .targets import check_target, check_values

# A faster way to the same, or None where it can't be taken:
# (scores, target, sample weights, scale, form, targets, one loss for each sample?) -> loss.
FusedLoss = 'Callable[[Tensor, Tensor, Tensor, Tensor, ElementwiseForm, tuple[float, float], bool], Tensor | None]'


def elementwise_loss(
    scores: Tensor,
    target: Tensor,
    form: ElementwiseForm,
    targets: tuple[float, float],
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    ignore_index: int | None = None,
    avg_non_ignore: bool = True,
    reduction: str = 'mean',
    avg_factor: float | None = None,
    target_kind: str = 'class',
    fused: FusedLoss | None = None,
) -> Tensor:
    """Sum the potential over the classes and reduce it over the samples (images or pixels).

    Args:
        scores, target, ignore_index: see :func:`mmgb.functional.losses.targets.check_target`. float16 and bfloat16
            scores are computed in float32, under autocast too.
        form: the loss.
        targets: see :func:`mmgb.functional.losses.error_delta.potentials`.
        weight: a factor for each sample, of the labels' shape or broadcast to it.
        class_weight: (C,) a factor for each sample by its label (by its class scores: ``sum_c p_c * w_c``).
        avg_non_ignore: whether ``'mean'`` divides by the number of samples that count, or of all.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``. With class weights the mean divides by their sum over the
            samples that count, as cross-entropy does. It never divides by the sum of ``weight``.
        avg_factor: what ``'mean'`` divides by instead.
        target_kind: ``'class'``; or ``'value'``: ``target`` are the real-valued targets t themselves, of the scores'
            shape, and ``targets`` isn't used. The loss then is one for regression (Section 3 of the paper).
        fused: tried first.

    Returns:
        A scalar, or for ``'none'`` a tensor of the labels' shape. A sample that is ignored or has weight 0 counts for
        nothing, whatever its scores, even NaN; a batch without a sample that counts gives 0. A NaN or inf in the
        scores of one that counts gives a loss of NaN or inf.

    Raises:
        ValueError: what ``check_target`` raises, an unknown reduction, ``avg_factor`` together with ``'sum'``,
            ``class_weight`` of another length than C.
    """
    check_reduction(reduction, avg_factor)
    check_target_kind(target_kind)
    if target_kind == 'value':
        check_values(scores, target, form.target_range)
        valid, targets = None, (0.0, 1.0)  # t = 0 + (1 - 0) * target
    else:
        valid = check_target(scores, target, ignore_index)

    with torch.autocast(scores.device.type, enabled=False):  # it would weigh class scores in half precision
        sample_weight, divisor = sample_weights(
            scores, target, valid, weight, class_weight, avg_non_ignore, reduction, avg_factor
        )
        loss = fused and fused(scores, target, sample_weight, 1 / divisor, form, targets, reduction == 'none')
        if loss is not None:
            return loss
        if scores.dtype in (torch.float16, torch.bfloat16):
            scores = scores.float()
        # Whatever stands at a sample that doesn't count, even inf, must neither count nor give 0 * inf.
        scores = scores.masked_fill((sample_weight == 0).unsqueeze(1), 0)
        terms = potentials(scores, target, form, targets)
        # Scaled before summing: a sum over a million pixels overflows long before any of its terms does.
        losses = (terms * (sample_weight / divisor).unsqueeze(1)).sum(1)
        return losses if reduction == 'none' else losses.sum()


def check_reduction(reduction: str, avg_factor: float | None = None) -> None:
    """Raise a ValueError unless the reduction is one of the three, and goes with the divisor."""
    if reduction not in ('mean', 'sum', 'none'):
        raise ConfigError(f"reduction={reduction!r}: expected 'mean', 'sum' or 'none'")
    if avg_factor is not None and reduction == 'sum':
        raise ConfigError(f"avg_factor={avg_factor}: a loss with reduction='sum' isn't averaged")


def check_target_kind(target_kind: str) -> None:
    """Raise a ValueError unless the kind is one of the two."""
    if target_kind not in ('class', 'value'):
        raise ConfigError(f"target_kind={target_kind!r}: expected 'class' or 'value'")


def sample_weights(
    scores: Tensor,
    target: Tensor,
    valid: Tensor | None,
    weight: Tensor | None,
    class_weight: Tensor | None,
    avg_non_ignore: bool,
    reduction: str,
    avg_factor: float | None,
) -> tuple[Tensor, Tensor]:
    """What the loss of each sample is multiplied by, of the labels' shape, maybe boolean; and what it is divided by."""
    dtype = torch.promote_types(scores.dtype, torch.float32)
    one = torch.ones((), dtype=dtype, device=scores.device)
    of_class = _class_weights(scores, target, valid, class_weight, dtype)
    if of_class is None:
        of_class = one.expand(scores.shape[:1] + scores.shape[2:])
        counted = of_class if valid is None else valid
    else:
        counted = of_class
    if reduction != 'mean':
        divisor = one
    elif avg_factor is not None:
        divisor = one * avg_factor
    else:
        divisor = (counted if avg_non_ignore else of_class).sum(dtype=dtype)
        divisor = torch.where(divisor > 0, divisor, one)
    return (counted if weight is None else counted * weight.to(dtype)), divisor


def _class_weights(
    scores: Tensor, target: Tensor, valid: Tensor | None, class_weight: Tensor | None, dtype: torch.dtype
) -> Tensor | None:
    """The class weight of each sample, of the labels' shape, 0 for ignored ones; None without class weights."""
    if class_weight is None:
        return None
    if class_weight.shape != scores.shape[1:2]:
        raise ConfigError(
            f'class_weight of shape {tuple(class_weight.shape)}: expected one weight for each of '
            f'the {scores.shape[1]} classes'
        )
    class_weight = class_weight.to(scores.device, dtype)
    if target.shape == scores.shape:
        return torch.tensordot(target.to(dtype), class_weight, dims=([1], [0]))
    of_class = class_weight[class_labels(target, scores.shape[1]).squeeze(1)]
    return of_class if valid is None else of_class * valid

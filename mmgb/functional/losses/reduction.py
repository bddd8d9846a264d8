"""Weight the samples' losses and reduce them."""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import Tensor

from ..errors import ConfigError
from .targets import class_labels


class ReductionOptions(TypedDict, total=False):
    """Keyword arguments that every loss shares, see :func:`mmgb.functional.losses.elementwise.elementwise_loss`."""

    weight: Tensor | None
    class_weight: Tensor | None
    ignore_index: int | None
    avg_non_ignore: bool
    reduction: str
    avg_factor: float | None


def check_reduction(reduction: str, avg_factor: float | None = None) -> None:
    """Raise a ConfigError for an unknown reduction, or a normalizer of a sum."""
    if reduction not in ('mean', 'sum', 'none'):
        raise ConfigError(f"reduction={reduction!r}: expected 'mean', 'sum' or 'none'")
    if avg_factor is not None and reduction == 'sum':
        raise ConfigError(f"avg_factor={avg_factor}: expected None with reduction='sum', which is not averaged")


def sample_weights(
    scores: Tensor,
    target: Tensor,
    valid: Tensor | None,
    *,
    weight: Tensor | None,
    class_weight: Tensor | None,
    avg_non_ignore: bool,
    reduction: str,
    avg_factor: float | None,
) -> tuple[Tensor, Tensor]:
    """Return the sample weights and the normalizer.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): labels or class scores, already validated.
        valid (Tensor | None): mask of the samples that are not ignored. None: no sample is ignored.
        weight, class_weight, avg_non_ignore, reduction, avg_factor: see
            :func:`mmgb.functional.losses.elementwise.elementwise_loss`.

    Returns:
        tuple[Tensor, Tensor]: factor of each sample's loss, of the labels' shape, boolean if all are 0 or 1; and the
            scalar that the weighted losses are divided by, 1 unless the reduction is ``'mean'``.
    """
    dtype = torch.promote_types(scores.dtype, torch.float32)
    one = torch.ones((), dtype=dtype, device=scores.device)
    factors = _class_weights(scores, target, valid, class_weight, dtype)
    if factors is None:
        factors = valid if valid is not None else one.expand(scores.shape[:1] + scores.shape[2:])
    if reduction != 'mean':
        normalizer = one
    elif avg_factor is not None:
        normalizer = one * avg_factor
    elif class_weight is None and (valid is None or not avg_non_ignore):
        normalizer = one * max(1, factors.numel())  # the number of all samples
    else:
        normalizer = factors.sum(dtype=dtype)
        normalizer = torch.where(normalizer > 0, normalizer, one)
    return (factors if weight is None else factors * weight.to(dtype)), normalizer


def mask_zero_weights(scores: Tensor, sample_weight: Tensor) -> Tensor:
    """Return the scores, at least float32, as zeros at zero-weight samples, where inf or NaN times 0 would be NaN."""
    if scores.dtype in (torch.float16, torch.bfloat16):
        scores = scores.float()
    return scores.masked_fill((sample_weight == 0).unsqueeze(1), 0)


def _class_weights(
    scores: Tensor, target: Tensor, valid: Tensor | None, class_weight: Tensor | None, dtype: torch.dtype
) -> Tensor | None:
    """Return the class weight of each sample, of the labels' shape, 0 where ignored; None without class weights."""
    if class_weight is None:
        return None
    if class_weight.shape != scores.shape[1:2]:
        raise ConfigError(
            f'class_weight of shape {tuple(class_weight.shape)}: expected one weight for each of the '
            f'{scores.shape[1]} classes'
        )
    class_weight = class_weight.to(scores.device, dtype)
    if target.shape == scores.shape:
        return torch.tensordot(target.to(dtype), class_weight, dims=([1], [0]))
    of_class = class_weight[class_labels(target, scores.shape[1]).squeeze(1)]
    return of_class if valid is None else of_class * valid

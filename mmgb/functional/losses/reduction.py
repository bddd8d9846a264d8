"""Weight the samples' losses and reduce them."""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import Tensor

from ..errors import ConfigError
from .settings import check_positive, is_one_of, shown
from .targets import check_same_device, class_labels, require


class ReductionOptions(TypedDict, total=False):
    """Keyword arguments that every loss shares, see :func:`mmgb.functional.losses.elementwise.elementwise_loss`."""

    weight: Tensor | None
    class_weight: Tensor | None
    ignore_index: int | None
    avg_non_ignore: bool
    reduction: str
    avg_factor: float | None


def check_reduction(reduction: str, avg_factor: float | Tensor | None = None) -> None:
    """Raise a ConfigError for an unknown reduction, a normalizer that is not positive, or a normalizer of a sum."""
    if not is_one_of(reduction, 'mean', 'sum', 'none'):
        raise ConfigError(f"reduction={shown(reduction)}: expected 'mean', 'sum' or 'none'")
    if avg_factor is None:
        return
    if reduction == 'sum':
        raise ConfigError(f"avg_factor={shown(avg_factor)}: expected None with reduction='sum', which is not averaged")
    if not isinstance(avg_factor, Tensor):
        check_positive('avg_factor', avg_factor)
    elif avg_factor.dim() or avg_factor.is_complex() or avg_factor.dtype == torch.bool:
        raise ConfigError(
            f'avg_factor of shape {tuple(avg_factor.shape)} and type {avg_factor.dtype}: expected a positive number'
        )
    else:
        require((avg_factor > 0) & avg_factor.isfinite(), avg_factor, 'avg_factor={}: expected a positive number')


def check_class_weight(class_weight: Tensor, scores: Tensor) -> None:
    """Raise a ConfigError unless there is one finite weight >= 0 for each class, on the scores' device.

    On an accelerator the values are checked as in :func:`mmgb.functional.losses.targets.check_target`.
    """
    check_same_device('class_weight', class_weight, scores)
    if class_weight.shape != scores.shape[1:2] or class_weight.is_complex():
        raise ConfigError(
            f'class_weight of shape {tuple(class_weight.shape)} and type {class_weight.dtype}: expected one weight for '
            f'each of the {scores.shape[1]} classes'
        )
    require(
        (class_weight >= 0) & class_weight.isfinite(), class_weight, 'class_weight={}: expected finite numbers >= 0'
    )


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
            :func:`mmgb.functional.losses.elementwise.elementwise_loss`. The class weights are already validated.

    Returns:
        tuple[Tensor, Tensor]: factor of each sample's loss, of the labels' shape, boolean if all are 0 or 1; and the
            scalar that the weighted losses are divided by, 1 unless the reduction is ``'mean'``.

    Raises:
        ConfigError: if ``weight`` is on another device, or does not broadcast to the labels' shape as it is.
    """
    if weight is not None:
        _check_weight(weight, scores)
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


def _check_weight(weight: Tensor, scores: Tensor) -> None:
    check_same_device('weight', weight, scores)
    of_labels = scores.shape[:1] + scores.shape[2:]
    broadcasts = len(weight.shape) <= len(of_labels) and all(
        size in (1, wanted) for size, wanted in zip(reversed(weight.shape), reversed(of_labels))
    )
    if not broadcasts or weight.is_complex():
        raise ConfigError(
            f"weight of shape {tuple(weight.shape)} and type {weight.dtype}: expected real numbers of the labels' "
            f'shape {tuple(of_labels)}, or of a shape that broadcasts to it'
        )


def _class_weights(
    scores: Tensor, target: Tensor, valid: Tensor | None, class_weight: Tensor | None, dtype: torch.dtype
) -> Tensor | None:
    """Return the class weight of each sample, of the labels' shape, 0 where ignored; None without class weights."""
    if class_weight is None:
        return None
    class_weight = class_weight.to(dtype)
    if target.shape == scores.shape:
        # The mean weight of the sample's classes. A sample without a class has the weight 1.
        shares = target.to(dtype)
        total = shares.sum(1)
        mean = torch.tensordot(shares, class_weight, dims=([1], [0])) / total.masked_fill(total == 0, 1)
        return mean.masked_fill(total == 0, 1)
    of_class = class_weight[class_labels(target, scores.shape[1]).squeeze(1)]
    return of_class if valid is None else of_class * valid

"""Validate the target tensor of a loss: labels, class scores or real values."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import ConfigError
from .function_transforms import unwrapped
from .settings import check_ignore_index, is_one_of, shown

LABEL_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def check_target_kind(target_kind: str) -> None:
    """Raise a ConfigError unless the kind is ``'class'``, ``'multi_label'`` or ``'value'``."""
    if not is_one_of(target_kind, 'class', 'multi_label', 'value'):
        raise ConfigError(
            f"target_kind={shown(target_kind)}: expected 'class' or 'value', or 'multi_label' for several "
            'labels per sample'
        )


def check_same_device(name: str, tensor: Tensor, scores: Tensor) -> None:
    """Raise a ConfigError unless the argument is a tensor on the scores' device."""
    if not isinstance(tensor, Tensor):
        raise ConfigError(f'{name}={shown(tensor)}: expected a tensor')
    if tensor.device != scores.device:
        raise ConfigError(f"{name} on {tensor.device}: expected the scores' device, {scores.device}")


def check_target(scores: Tensor, target: Tensor, ignore_index: int | None = None) -> Tensor | None:
    """Validate labels or class scores, and return the mask of the samples that are not ignored.

    On an accelerator and in a compiled graph the values are checked asynchronously, without a synchronisation. A
    failure is then a device-side assertion of the same condition.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): labels, integers of shape (N) or (N, ...) in ``[0, C)`` or equal to ``ignore_index``; or class
            scores in [0, 1] of the scores' shape (mixup, multi-label).
        ignore_index (int | None): label of the ignored samples. Default: None, no sample is ignored.

    Returns:
        Tensor | None: boolean mask of the labels' shape, None if no sample can be ignored.

    Raises:
        ConfigError: if the scores are not floating-point, a shape or device does not fit, the labels are not integers
            or belong to a single class, a label is not a class, or a class score is outside [0, 1].
    """
    check_ignore_index(ignore_index)
    _check_scores(scores, target)
    if target.shape == scores.shape:
        if target.numel():
            least, most = unwrapped(target).aminmax()
            require(least >= 0, least, 'class score={}: expected a number in [0, 1]')
            # Mixing labels (mixup) rounds, so 1 may become a little larger.
            require(most <= 1 + 1e-4, most, 'class score={}: expected a number in [0, 1]')
        return None
    if target.shape != scores.shape[:1] + scores.shape[2:]:
        raise ConfigError(
            f'target of shape {tuple(target.shape)}: expected labels of shape '
            f'{tuple(scores.shape[:1] + scores.shape[2:])} or class scores of shape {tuple(scores.shape)}'
        )
    if target.dtype not in LABEL_TYPES:
        raise ConfigError(f'labels of type {target.dtype}: expected integers, int64, int32, int16, int8 or uint8')
    if scores.shape[1] < 2:
        raise ConfigError(
            f'scores of shape {tuple(scores.shape)}: expected at least two classes with labels; '
            'give a single output class scores of its shape'
        )

    target = target.long()  # a narrow type would wrap the numbers it is compared with: 1000 becomes 232 in uint8
    valid = None if ignore_index is None else target != ignore_index
    allowed = (target >= 0) & (target < scores.shape[1])
    require(
        allowed if valid is None else valid <= allowed,
        target,
        f'label={{}}: expected a class from 0 to {scores.shape[1] - 1} or ignore_index={ignore_index}',
    )
    return valid


def check_values(scores: Tensor, target: Tensor, allowed: tuple[float, float]) -> None:
    """Validate real-valued targets. On an accelerator the values are checked as in :func:`check_target`.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): targets of the scores' shape.
        allowed (tuple[float, float]): smallest and largest allowed target, both included.

    Raises:
        ConfigError: if the scores are not floating-point, a shape or device does not fit, or a target is NaN, infinite
            or outside the range.
    """
    _check_scores(scores, target)
    if target.shape != scores.shape:
        raise ConfigError(
            f"target of shape {tuple(target.shape)} with target_kind='value': expected the scores' shape "
            f'{tuple(scores.shape)}'
        )
    lowest, highest = allowed
    valid = torch.isfinite(target) & (target >= lowest) & (target <= highest)
    require(valid, target, f'target value={{}}: expected a finite number from {lowest:g} to {highest:g} for this loss')


def class_labels(target: Tensor, classes: int) -> Tensor:
    """Return the labels as an int64 index into (N, C, ...), of shape (N, 1, ...). Ignored labels become some class."""
    return target.long().clamp(0, classes - 1).unsqueeze(1)


def _check_scores(scores: Tensor, target: Tensor) -> None:
    if not scores.is_floating_point():
        raise ConfigError(f'scores of type {scores.dtype}: expected a floating-point type')
    if scores.dim() < 2:
        raise ConfigError(
            f'scores of shape {tuple(scores.shape)}: expected (N, C) or (N, C, ...), such as scores.unsqueeze(1) for '
            'one output per sample'
        )
    check_same_device('target', target, scores)


def require(condition: Tensor, values: Tensor, message: str) -> None:
    """Fail unless the condition holds everywhere: at once on a CPU, asynchronously on an accelerator."""
    if condition.device.type != 'cpu' or torch.compiler.is_compiling():
        torch._assert_async(condition.all(), message.format('<one of the batch>'))
        return
    condition = unwrapped(condition)
    if not condition.all():
        raise ConfigError(message.format(unwrapped(values)[~condition][0].item()))

"""What is asked of targets: labels, class scores, or real values."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import ConfigError
from .function_transforms import unwrapped


def check_targets(targets: tuple[float, float]) -> tuple[float, float]:
    """Return ``(negative, positive)`` as floats.

    Raises:
        ValueError: if they aren't two numbers, the negative one below the positive one.
    """
    try:
        negative, positive = (float(value) for value in targets)
    except (TypeError, ValueError):
        raise ConfigError(f'targets={targets!r}: expected two numbers (negative, positive)') from None
    if not float('-inf') < negative < positive < float('inf'):
        raise ConfigError(
            f'targets=({negative:g}, {positive:g}): the first is the target of the wrong classes, '
            'the second that of the right one, and must be the larger; both must be finite'
        )
    return negative, positive


def check_target(scores: Tensor, target: Tensor, ignore_index: int | None = None) -> Tensor | None:
    """The mask of the samples that count, of shape (N) or (N, ...); ``None`` if every sample counts.

    Args:
        scores: linear outputs, (N, C) or (N, C, ...).
        target: either labels, integers of shape (N) or (N, ...) in ``[0, C)`` or equal to ``ignore_index``; or
            class scores in [0, 1] of the shape of the scores (mixup, multi-label).
        ignore_index: label of the samples that don't count; ``None``: all count.

    Raises:
        ValueError: scores that aren't floating, shapes that don't fit, labels for a single class, floating labels, a
            label outside the classes, class scores outside [0, 1]. On an accelerator, and in a compiled graph, the
            values are checked there, without a synchronisation: the failure is then an assertion of the device
            with the same condition.
    """
    if not scores.is_floating_point():
        raise ConfigError(f'scores of type {scores.dtype}: expected floating ones')
    if scores.dim() < 2:
        raise ConfigError(f'scores of shape {tuple(scores.shape)}: expected (N, C) or (N, C, ...)')
    if target.shape == scores.shape:
        if target.numel():
            least, most = unwrapped(target).aminmax()
            # Mixing labels (mixup) rounds: 1 may come out a little above.
            _require(least >= 0, least, 'class score {} lies outside [0, 1]')
            _require(most <= 1 + 1e-4, most, 'class score {} lies outside [0, 1]')
        return None
    if target.shape != scores.shape[:1] + scores.shape[2:]:
        raise ConfigError(
            f'target of shape {tuple(target.shape)} fits scores of shape {tuple(scores.shape)} neither '
            f'as labels, {tuple(scores.shape[:1] + scores.shape[2:])}, nor as class scores'
        )
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise ConfigError(f'labels of type {target.dtype}: expected integers')
    if scores.shape[1] < 2:
        raise ConfigError(
            f'scores of shape {tuple(scores.shape)}: labels need at least two classes; a single output '
            'takes class scores of its shape'
        )

    valid = None if ignore_index is None else target != ignore_index
    allowed = (target >= 0) & (target < scores.shape[1])
    _require(
        allowed if valid is None else valid <= allowed,
        target,
        f'label {{}} lies outside the classes 0..{scores.shape[1] - 1} and is not ignore_index={ignore_index}',
    )
    return valid


def check_values(scores: Tensor, target: Tensor, allowed: tuple[float, float]) -> None:
    """Check real-valued targets: finite, of the scores' shape, in the range ``allowed`` (both ends included).

    Raises:
        ValueError: scores that aren't floating, another shape, a value outside the range. On an accelerator the values
            are checked as in :func:`check_target`.
    """
    if not scores.is_floating_point():
        raise ConfigError(f'scores of type {scores.dtype}: expected floating ones')
    if target.shape != scores.shape:
        raise ConfigError(
            f"target of shape {tuple(target.shape)} with target_kind='value': expected the scores' shape, "
            f'{tuple(scores.shape)}'
        )
    lowest, highest = allowed
    valid = torch.isfinite(target) & (target >= lowest) & (target <= highest)
    _require(valid, target, f'target value {{}} is not a number in the range of this loss, {lowest:g} to {highest:g}')


def _require(condition: Tensor, values: Tensor, message: str) -> None:
    """Fail if the condition doesn't hold everywhere: at once on a CPU, asynchronously on an accelerator."""
    if condition.device.type != 'cpu' or torch.compiler.is_compiling():
        torch._assert_async(condition.all(), message.format('<one of the batch>'))
        return
    condition, values = unwrapped(condition), unwrapped(values)
    if not condition.all():
        raise ConfigError(message.format(values[~condition][0].item()))

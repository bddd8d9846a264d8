"""From labels or class scores to the real-valued targets of linear outputs."""
from typing import Optional

import torch
from torch import Tensor


def check_targets(targets: tuple[float, float]) -> tuple[float, float]:
    """Return ``(negative, positive)`` as floats.

    Raises:
        ValueError: if they aren't two numbers, the negative one below the positive one.
    """
    try:
        negative, positive = (float(value) for value in targets)
    except (TypeError, ValueError):
        raise ValueError(f'targets={targets!r}: expected two numbers (negative, positive)') from None
    if not float('-inf') < negative < positive < float('inf'):
        raise ValueError(f'targets=({negative:g}, {positive:g}): the first is the target of the wrong classes, '
                         'the second that of the right one, and must be the larger; both must be finite')
    return negative, positive


def target_values(scores: Tensor, target: Tensor, targets: tuple[float, float],
                  ignore_index: Optional[int] = None) -> tuple[Tensor, Optional[Tensor]]:
    """Real-valued targets ``t`` of the shape of the scores, and the mask of the samples that count.

    Args:
        scores: linear outputs, (N, C) or (N, C, ...).
        target: either labels, integers of shape (N) or (N, ...) in ``[0, C)`` or equal to ``ignore_index``; or
            class scores ``p`` in [0, 1] of the shape of the scores (mixup, multi-label).
        targets: ``(negative, positive)``; ``t = negative + (positive - negative) * p``, p one-hot for labels.
        ignore_index: label of the samples that don't count; ``None``: all count.

    Returns:
        ``t``, and a boolean mask of shape (N) or (N, ...), ``None`` if every sample counts.

    Raises:
        ValueError: shapes that don't fit, floating labels, a label outside the classes, class scores outside
            [0, 1]. On an accelerator the values are checked there, without a synchronisation: the failure is
            then a device-side assertion with the same condition.
    """
    negative, positive = targets
    if scores.dim() < 2:
        raise ValueError(f'scores of shape {tuple(scores.shape)}: expected (N, C) or (N, C, ...)')
    if target.shape == scores.shape:
        # Mixing labels (mixup) rounds: 1 may come out a little above.
        _require((target >= 0) & (target <= 1 + 1e-4), target, 'class score {} lies outside [0, 1]')
        return negative + (positive - negative) * target.to(scores.dtype), None
    if target.shape != scores.shape[:1] + scores.shape[2:]:
        raise ValueError(f'target of shape {tuple(target.shape)} fits scores of shape {tuple(scores.shape)} neither '
                         f'as labels, {tuple(scores.shape[:1] + scores.shape[2:])}, nor as class scores')
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise ValueError(f'labels of type {target.dtype}: expected integers')

    valid = None if ignore_index is None else target != ignore_index
    labels = target if valid is None else target.masked_fill(~valid, 0)
    _require((labels >= 0) & (labels < scores.shape[1]), labels,
             f'label {{}} lies outside the classes 0..{scores.shape[1] - 1} and is not ignore_index={ignore_index}')
    values = torch.full_like(scores, negative)
    return values.scatter_(1, labels.long().unsqueeze(1), positive), valid


def _require(condition: Tensor, values: Tensor, message: str) -> None:
    """Fail if the condition doesn't hold everywhere: at once on a CPU, asynchronously on an accelerator."""
    if condition.device.type != 'cpu':
        torch._assert_async(condition.all(), message.format('<one of the batch>'))
    elif not condition.all():
        raise ValueError(message.format(values[~condition][0].item()))

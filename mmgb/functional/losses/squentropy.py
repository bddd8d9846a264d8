r"""Squentropy: cross-entropy plus the mean square of the wrong classes' scores. A baseline to compare with.

.. math::
    \ell(x, y) = -\log \mathrm{softmax}(x)_y + \frac{1}{C-1} \sum_{c \ne y} x_c^2 \qquad
    \frac{\partial \ell}{\partial x_c} = \mathrm{softmax}(x)_c - [c = y] + [c \ne y]\, \frac{2 x_c}{C-1}

The second term holds the wrong scores near 0, where cross-entropy alone leaves the scores free up to a constant. It has
no setting of its own. Source: Hui, Belkin and Wright, Cut your Losses with Squentropy (2023), arXiv:2302.03952.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ConfigError
from .elementwise import check_reduction, sample_weights
from .error_delta import class_labels
from .targets import check_target


def squentropy_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    ignore_index: int | None = None,
    avg_non_ignore: bool = True,
    reduction: str = 'mean',
    avg_factor: float | None = None,
) -> Tensor:
    """Squentropy of each sample (image or pixel), reduced over the samples.

    Args:
        scores: linear outputs, (N, C) or (N, C, ...), C at least 2. float16 and bfloat16 are computed in float32, under
            autocast too.
        labels: integers of shape (N) or (N, ...) in ``[0, C)`` or equal to ``ignore_index``.
        weight, class_weight, avg_non_ignore, reduction, avg_factor: see
            :func:`mmgb.functional.losses.elementwise.elementwise_loss`.
        ignore_index: label of the samples that don't count; ``None``: all count.

    Returns:
        A scalar, or for ``'none'`` a tensor of the labels' shape. What doesn't count, and when the loss is 0, NaN or
        inf, is as in ``elementwise_loss``.

    Raises:
        ValueError: class scores instead of labels; what ``check_target`` raises; an unknown reduction, ``avg_factor``
            together with ``'sum'``, ``class_weight`` of another length than C.
    """
    check_reduction(reduction, avg_factor)
    if labels.shape == scores.shape:
        raise ConfigError(
            f'labels of shape {tuple(labels.shape)}, that of the scores: squentropy is defined for labels '
            '(N) or (N, ...), not for class scores (mixup, multi-label)'
        )
    valid = check_target(scores, labels, ignore_index)

    with torch.autocast(scores.device.type, enabled=False):  # it would square in half precision
        sample_weight, divisor = sample_weights(
            scores, labels, valid, weight, class_weight, avg_non_ignore, reduction, avg_factor
        )
        if scores.dtype in (torch.float16, torch.bfloat16):
            scores = scores.float()
        # Whatever stands at a sample that doesn't count, even inf, must neither count nor give 0 * inf.
        scores = scores.masked_fill((sample_weight == 0).unsqueeze(1), 0)
        right = class_labels(labels, scores.shape[1])
        squares = scores.scatter(1, right, 0).square().sum(1) / (scores.shape[1] - 1)
        losses = F.cross_entropy(scores, right.squeeze(1), reduction='none') + squares
        losses = losses * (sample_weight / divisor)
        return losses if reduction == 'none' else losses.sum()

r"""Squentropy: cross-entropy plus the mean square of the wrong classes' scores. A baseline for the boosted losses.

.. math::
    \ell(x, y) = -\log \mathrm{softmax}(x)_y + \frac{1}{C-1} \sum_{c \ne y} x_c^2 \qquad
    \frac{\partial \ell}{\partial x_c} = \mathrm{softmax}(x)_c - [c = y] + [c \ne y]\, \frac{2 x_c}{C-1}

The second term pulls the wrong scores to 0, whereas cross-entropy alone determines the scores only up to a constant.
It has no settings of its own. Source: Hui, Belkin and Wright, Cut your Losses with Squentropy (2023),
arXiv:2302.03952.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ..autocast import without_autocast
from ..errors import ConfigError
from .reduction import check_class_weight, check_reduction, mask_zero_weights, sample_weights
from .targets import check_target, class_labels


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
    """Compute squentropy of each sample (image or pixel), reduced over the samples.

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...), with C at least 2. float16 and bfloat16 scores are
            computed in float32, also under autocast.
        labels (Tensor): integers of shape (N) or (N, ...) in ``[0, C)`` or equal to ``ignore_index``.
        weight, class_weight, ignore_index, avg_non_ignore, reduction, avg_factor: see
            :func:`mmgb.functional.losses.elementwise.elementwise_loss`.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape. Ignored samples and
            non-finite scores are treated as in ``elementwise_loss``.

    Raises:
        ConfigError: if the labels are class scores, an option is unknown or does not fit the others, or a tensor does
            not fit the scores.
    """
    check_reduction(reduction, avg_factor)
    if labels.shape == scores.shape:
        raise ConfigError(
            f"labels of shape {tuple(labels.shape)}, the scores' shape: expected labels of shape (N) or (N, ...), "
            'since squentropy is not defined for class scores (mixup, multi-label)'
        )
    valid = check_target(scores, labels, ignore_index)
    if class_weight is not None:
        check_class_weight(class_weight, scores)

    with without_autocast(scores.device):  # autocast would square in half precision
        sample_weight, normalizer = sample_weights(
            scores,
            labels,
            valid,
            weight=weight,
            class_weight=class_weight,
            avg_non_ignore=avg_non_ignore,
            reduction=reduction,
            avg_factor=avg_factor,
        )
        scores = mask_zero_weights(scores, sample_weight)
        index = class_labels(labels, scores.shape[1])
        squares = scores.scatter(1, index, 0).square().sum(1) / (scores.shape[1] - 1)
        losses = F.cross_entropy(scores, index.squeeze(1), reduction='none') + squares
        losses = losses * (sample_weight / normalizer)
        return losses if reduction == 'none' else losses.sum()

"""The losses that :class:`~mmgb.models.heads.full_resolution_loss.FullResolutionLoss` computes of enlarged scores."""

from __future__ import annotations

import torch
from mmseg.models.losses import CrossEntropyLoss
from torch import Tensor, nn

from mmgb.functional import ConfigError, loss_in_strips
from mmgb.functional.hypercolumn import valid_pixels
from mmgb.models.losses.weighted_loss import WeightedLoss


def check_loss(loss: nn.Module) -> None:
    """Raise a ConfigError unless the loss is one of mmgb or mmseg's cross-entropy of softmax, averaged or summed."""
    softmax = type(loss) is CrossEntropyLoss and not loss.use_sigmoid and not loss.use_mask
    if not softmax and not isinstance(loss, WeightedLoss):
        raise ConfigError(
            f'loss_decode.type={type(loss).__name__!r}: expected a loss of mmgb or CrossEntropyLoss without sigmoids '
            'inside FullResolutionLoss; train this head without it'
        )
    if loss.reduction == 'none':
        raise ConfigError("loss_decode.reduction='none': expected 'mean' or 'sum' inside FullResolutionLoss")


def enlarged_loss(
    loss: nn.Module, scores: Tensor, labels: Tensor, *, align_corners: bool, ignore_index: int | None
) -> Tensor:
    """Compute a loss of bilinearly enlarged scores, without the enlarged scores.

    Args:
        loss: loss that :func:`check_loss` accepts.
        scores: linear outputs (N, C, h, w).
        labels: labels (N, H, W) with H >= h and W >= w.
        align_corners: as in ``F.interpolate``.
        ignore_index: label of the ignored pixels, as the head passes it to its loss. None: not passed.
    """
    if isinstance(loss, WeightedLoss):
        return loss.of_enlarged(scores, labels, align_corners=align_corners, ignore_index=ignore_index)

    def loss_of_rows(enlarged: Tensor, rows: slice) -> Tensor:
        # Without the hooks of the module, which expect all scores and one backward pass.
        return loss.forward(enlarged, labels[:, rows], ignore_index=ignore_index, reduction_override='sum')

    total = loss_in_strips(scores, labels.shape[1:], loss_of_rows, align_corners=align_corners)
    return total / normalizer(loss, labels, ignore_index)


def normalizer(loss: nn.Module, labels: Tensor, ignore_index: int | None) -> Tensor | float:
    """Return the number by which a loss that :func:`check_loss` accepts divides the sum of all pixels."""
    if loss.reduction == 'sum':
        return 1
    if isinstance(loss, WeightedLoss):
        ignore_index = loss.ignored_label(ignore_index)
    valid = valid_pixels(labels, ignore_index)
    if loss.class_weight is not None:
        class_weight = torch.as_tensor(loss.class_weight, dtype=torch.float32, device=labels.device)
        return class_weight[labels[valid]].sum() + torch.finfo(torch.float32).eps
    return valid.sum().clamp(min=1) if loss.avg_non_ignore else labels.numel()

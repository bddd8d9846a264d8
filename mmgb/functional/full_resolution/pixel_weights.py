"""The factor of each pixel in the reduced loss of enlarged scores."""

from __future__ import annotations

from torch import Tensor

from ..autocast import without_autocast
from ..errors import ConfigError
from ..losses.reduction import check_class_weight, check_reduction, sample_weights
from ..losses.settings import shown
from ..losses.targets import check_target


def pixel_weights(
    scores: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    ignore_index: int | None = None,
    avg_non_ignore: bool = True,
    reduction: str = 'mean',
    avg_factor: float | None = None,
) -> Tensor:
    """Validate the target of enlarged scores, and return the factor of each pixel's loss in their sum.

    Args:
        scores (Tensor): scores before the enlargement, (N, C, h, w).
        target (Tensor): labels (N, H, W) or class scores (N, C, H, W).
        weight, class_weight, ignore_index, avg_non_ignore, reduction, avg_factor: see
            :func:`mmgb.functional.full_resolution.loss.upsampled_loss`.

    Returns:
        Tensor: (N, H, W), at least float32, 0 where ignored.

    Raises:
        ConfigError: if the target is not a map, an option is invalid, or a tensor does not fit.
    """
    if reduction == 'none':
        raise ConfigError("reduction='none': expected 'mean' or 'sum', since no loss of a single pixel is computed")
    check_reduction(reduction, avg_factor)
    if not isinstance(target, Tensor) or target.dim() not in (3, 4):
        shape = tuple(target.shape) if isinstance(target, Tensor) else shown(target)
        raise ConfigError(f'target of shape {shape}: expected labels (N, H, W) or class scores (N, C, H, W)')
    enlarged = scores.detach().new_empty(()).expand(*scores.shape[:2], *target.shape[-2:])  # a shape without memory
    valid = check_target(enlarged, target, ignore_index)
    if class_weight is not None:
        check_class_weight(class_weight, enlarged)
    with without_autocast(scores.device):  # autocast would weight class scores in half precision
        sample_weight, normalizer = sample_weights(
            enlarged,
            target,
            valid,
            weight=weight,
            class_weight=class_weight,
            avg_non_ignore=avg_non_ignore,
            reduction=reduction,
            avg_factor=avg_factor,
        )
        return sample_weight / normalizer

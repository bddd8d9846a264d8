"""Enlarged scores at selected pixels, for losses of drawn pixels as in PixelNet (arXiv:1702.06506, Section 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..hypercolumn import interpolate_at
from .axis import enlarged_axes


def scores_at_pixels(scores: Tensor, pixels: Tensor, size: tuple[int, int], align_corners: bool = False) -> Tensor:
    """Return the bilinearly enlarged scores at some pixels, differentiably.

    Args:
        scores (Tensor): (N, C, h, w).
        pixels (Tensor): flat indices ``y * W + x`` of the pixels of each image, (N, P).
        size (tuple[int, int]): height H and width W after the enlargement.
        align_corners (bool): as in ``F.interpolate``.

    Returns:
        Tensor: (N, C, P, 1).

    Raises:
        ConfigError: if the scores are not (N, C, h, w), or larger than ``size``.
    """
    vertical, horizontal = (
        (axis.cell + axis.offset).to(scores.device, torch.promote_types(scores.dtype, torch.float32))
        for axis in enlarged_axes(scores, size, align_corners)
    )
    points = torch.stack([horizontal[pixels % size[1]], vertical[pixels.div(size[1], rounding_mode='floor')]], -1)
    return interpolate_at(scores, points, stride=1, offset=0)

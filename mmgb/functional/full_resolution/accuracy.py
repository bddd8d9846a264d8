"""The accuracy of bilinearly enlarged scores, without the enlarged scores.

If one class has the largest score at all four corners of a cell, it has the largest score at all of its pixels. Only
the other cells are evaluated at their pixels: few of them once a network is trained.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..hypercolumn import valid_pixels
from .axis import enlarged_axes
from .mixed_cells import Cells, corner_shares

SCORES_AT_ONCE = 2**20


@torch.no_grad()
def upsampled_accuracy(
    scores: Tensor, labels: Tensor, *, align_corners: bool = False, ignore_index: int | None = None
) -> Tensor:
    """Return the percentage of the pixels whose largest enlarged score is that of their label.

    Args:
        scores (Tensor): linear outputs, (N, C, h, w).
        labels (Tensor): integers of shape (N, H, W) with H >= h and W >= w.
        align_corners (bool): as in ``F.interpolate``.
        ignore_index (int | None): label of the pixels that are left out. Default: None.

    Returns:
        Tensor: percentage of shape (1,), as mmseg's ``accuracy`` returns it: 100 if every pixel is ignored.

    Raises:
        ConfigError: if the scores are not (N, C, h, w), or larger than the labels.
    """
    axes = enlarged_axes(scores, (labels.shape[1], labels.shape[2]), align_corners)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32)).contiguous()
    valid = valid_pixels(labels, ignore_index)
    rows, columns = (axis.cell.to(scores.device) for axis in axes)
    best = scores.argmax(1)
    corners = torch.stack([best[:, row, column] for row in axes[0].ends for column in axes[1].ends])
    agreed = (corners == corners[0]).all(0)
    predicted = torch.where(agreed, corners[0], -1)
    correct = ((predicted[:, rows][:, :, columns] == labels) & valid).sum()
    image, row, column = (~agreed).nonzero().unbind(1)
    pixels_per_cell = axes[0].patches.shape[1] * axes[1].patches.shape[1]
    for cells in Cells(image, row, column, axes).split(max(1, SCORES_AT_ONCE // (pixels_per_cell * scores.shape[1]))):
        correct = correct + _correct_pixels(scores, labels, valid, cells)
    epsilon = torch.finfo(torch.float32).eps
    return ((correct + epsilon) * 100 / (valid.sum() + epsilon)).view(1)


def _correct_pixels(scores: Tensor, labels: Tensor, valid: Tensor, cells: Cells) -> Tensor:
    """Return the number of correct pixels of some cells, evaluated at each pixel."""
    at_pixels = corner_shares(*cells.pixel_offsets(scores)) @ scores.view(-1)[cells.corner_indices(scores.shape)]
    label = cells.pixels(labels).flatten(1).long().clamp(0, scores.shape[1] - 1)
    of_label = at_pixels.gather(2, label.unsqueeze(2)).squeeze(2)
    counted = (cells.pixels(valid) & cells.distinct()).flatten(1)
    return ((of_label == at_pixels.amax(2)) & counted).sum()

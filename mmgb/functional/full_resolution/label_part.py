"""The part of a loss of enlarged scores that depends on the labels, without a class axis at full resolution.

For a pixel with label y it is ``F(x_y, t_pos) - F(x_y, t_neg)``: what the loss differs by from that of a pixel where
every class is wrong. Its derivative is the same number at all pixels, unless the delta is clipped.
"""

from __future__ import annotations

import math
from functools import reduce

import torch
from torch import Tensor

from ..losses.formula import Formula, widened
from ..losses.targets import class_labels
from .axis import Axis


def label_part(
    formula: Formula, scores: Tensor, labels: Tensor, weight: Tensor, axes: tuple[Axis, Axis]
) -> tuple[Tensor, Tensor]:
    """Return the gradient of the label's part, summed over the weighted pixels, and the rest of its value.

    Args:
        formula (Formula): loss with a ``degree``.
        scores (Tensor): (N, C, h, w), of the type to compute in.
        labels (Tensor): integers (N, H, W). A pixel whose label is no class needs the weight 0.
        weight (Tensor): weight of each pixel, (N, H, W), of the scores' type.
        axes (tuple[Axis, Axis]): vertical and horizontal axis of the enlargement.

    Returns:
        tuple[Tensor, Tensor]: the gradient (N, C, h, w), contiguous, and the value less the product of the gradient and
            the scores, a scalar in double precision.
    """
    negative, positive = formula.targets
    gradient, rest = torch.empty_like(scores), []
    classes, height, width = scores.shape[1:]
    clipped = any(math.isfinite(bound) for target in (negative, positive) for bound in formula.unclipped_range(target))
    corners = _corners(axes, classes, weight)
    rows, columns = (axis.cell.to(labels.device) for axis in axes)
    cell = (rows.unsqueeze(1) * width + columns) * classes
    for image, (image_labels, image_weight) in enumerate(zip(labels, weight)):
        index = cell + class_labels(image_labels.unsqueeze(0), classes)[0, 0]
        at_label = scores.new_zeros(())
        if clipped:
            by_sample = scores[image].movedim(0, -1).reshape(-1)
            at_label = reduce(torch.add, (by_sample[step:][index] * share for step, share in corners))
        slope = formula.delta(at_label, positive) - formula.delta(at_label, negative)
        value = formula.potential(at_label, positive) - formula.potential(at_label, negative)
        rest.append(widened(image_weight * (value - at_label * slope)).sum())
        image_weight = image_weight * slope
        # With the classes of a sample side by side, neighbouring pixels write to the same pages of memory.
        by_sample = scores.new_zeros(height * width * classes)
        for step, share in corners:
            by_sample[step:].scatter_add_(0, index.view(-1), (image_weight * share).view(-1))
        gradient[image] = by_sample.view(height, width, classes).movedim(-1, 0)
    return gradient, torch.stack(rest).sum()


def _corners(axes: tuple[Axis, Axis], classes: int, weight: Tensor) -> list[tuple[int, Tensor]]:
    """Return the step from a cell's first corner to each corner in an array (h, w, C), and its share in each pixel."""
    rows, columns = (axis.offset.to(weight) for axis in axes)
    below, right = (classes * step * (axis.samples > 1) for axis, step in zip(axes, (axes[1].samples, 1)))
    return [
        (row_step + column_step, row_share.unsqueeze(1) * column_share)
        for row_step, row_share in ((0, 1 - rows), (below, rows))
        for column_step, column_share in ((0, 1 - columns), (right, columns))
    ]

r"""Outputs that the quadrature does not cover, evaluated at their pixels.

An *output* is one class of one cell. The rule of :mod:`mmgb.functional.full_resolution.quadrature` needs a potential
that is smooth in the whole cell. An output is *rough* where it is not:

- The delta is clipped (``max_delta``, matched units) at a corner. Between corners inside the unclipped range the
  enlarged scores are inside it too.
- The potential is an exponential, and the Gauss rule may exceed its tolerance:

.. math::
    b_{\max} \left(\kappa(r_y) + \kappa(r_x)\right) > \varepsilon\, (t^+ - t^-), \qquad
    \kappa(r) = c_m \left(r^{2m} + 2m\, r^{2m-1}\right)

where :math:`b_{\max}` is the boosted output at the largest corner, r the largest difference of two neighbouring corners
and :math:`c_m` the remainder of the rule, because :math:`b_{\max} \kappa(r)` bounds the error of the mean of
:math:`\alpha e^x u`, the gradient of a corner. So the mean error delta of a cell is off by at most
:math:`\varepsilon = 10^{-3}` of the distance of the targets.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..losses.formula import Formula, widened
from .axis import Axis
from .cell_rules import GaussNodes, gauss_rules
from .mixed_cells import Cells

TOLERANCE = 1e-3  # of the distance of the targets, for a potential that is no polynomial


def rough_outputs(formula: Formula, scores: Tensor, axes: tuple[Axis, Axis]) -> Tensor | None:
    """Return the mask of the rough outputs of some scores (N, C, h, w), (N, C, rows, columns); None if there are none.

    Args:
        formula (Formula): loss with a ``degree``.
        scores (Tensor): (N, C, h, w).
        axes (tuple[Axis, Axis]): vertical and horizontal axis of the enlargement.
    """
    assert formula.degree is not None
    rules = gauss_rules(axes, formula.degree)
    lower, upper = formula.unclipped_range(formula.targets[0])
    exponential = formula.degree == math.inf and any(rule.remainder.any() for rule in rules)
    if not exponential and scores.amin() >= lower and scores.amax() <= upper:
        return None
    masks = []
    for image in scores:  # one image at a time, since the temporaries are as large as its scores
        smallest, largest = _extreme_corners(image, axes)
        rough = (smallest < lower) | (largest > upper)
        if exponential:
            rough |= formula.output(largest.clamp(max=upper)) * _gauss_error(image, axes, rules) > TOLERANCE * (
                formula.targets[1] - formula.targets[0]
            )
        masks.append(rough)
    return torch.stack(masks)


def add_gradient_of_rough_outputs(
    formula: Formula, scores: Tensor, weight: Tensor, cells: Cells, channel: Tensor, gradient: Tensor
) -> Tensor:
    """Add the gradient of the potentials of some outputs, evaluated at their pixels.

    Args:
        formula (Formula): loss with a ``degree``.
        scores (Tensor): (N, C, h, w), contiguous.
        weight (Tensor): weight of each pixel, (N, H, W).
        cells (Cells): cells of the outputs, K of them.
        channel (Tensor): classes of the outputs, (K,).
        gradient (Tensor): contiguous tensor of the scores' shape and type that is changed.

    Returns:
        Tensor: sum over the pixels of the potential less its form of :meth:`Formula.potential_by_delta`, which does not
            hold where the delta is clipped; a scalar in double precision.
    """
    negative = formula.targets[0]
    rows, columns = cells.pixel_offsets(scores)
    rows, columns = rows.unsqueeze(2), columns.unsqueeze(1)
    plane = cells.image * scores.shape[1] + channel
    corners = (plane * scores[0, 0].numel()).unsqueeze(1) + cells.corners(scores.shape[3])
    top_left, top_right, bottom_left, bottom_right = scores.view(-1)[corners].view(-1, 4, 1, 1).unbind(1)
    top, bottom = top_left.lerp(top_right, columns), bottom_left.lerp(bottom_right, columns)
    enlarged = top.lerp(bottom, rows)
    delta = formula.delta(enlarged, negative)
    weight = cells.pixels(weight) * cells.distinct()
    # Where the delta is clipped, the potential has the slope delta, its form by the delta the slope b + d * delta.
    _, b, _, d = formula.potential_by_delta(negative)
    excess = enlarged - enlarged.clamp(*formula.unclipped_range(negative))
    missed = widened((torch.where(excess == 0, 0, ((1 - d) * delta - b) * excess) * weight).sum())
    delta.mul_(weight)
    of_columns, of_bottom = delta.sum(1), (delta * rows).sum(1)
    by_column = torch.stack([of_columns - of_bottom, of_bottom], 1)  # (K, 2, columns)
    of_rows, of_right = by_column.sum(2), (by_column * columns).sum(2)
    slope = torch.stack([of_rows - of_right, of_right], 2)  # (K, 2, 2)
    gradient.view(-1).index_add_(0, corners.view(-1), slope.view(-1))
    return missed


def _extreme_corners(image: Tensor, axes: tuple[Axis, Axis]) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest corner of each output of an image (C, h, w), (C, rows, columns) each."""
    (first, last), (left, right) = (axis.ends for axis in axes)
    low, high = torch.minimum(image[:, first], image[:, last]), torch.maximum(image[:, first], image[:, last])
    return torch.minimum(low[..., left], low[..., right]), torch.maximum(high[..., left], high[..., right])


def _gauss_error(image: Tensor, axes: tuple[Axis, Axis], rules: tuple[GaussNodes, GaussNodes]) -> Tensor:
    """Return the bound of the rules' error for each output of an image (C, h, w), a factor of its boosted output."""
    (first, last), (left, right) = (axis.ends for axis in axes)
    rise, run = (image[:, last] - image[:, first]).abs(), (image[..., right] - image[..., left]).abs()
    spreads = torch.maximum(rise[..., left], rise[..., right]), torch.maximum(run[:, first], run[:, last])
    constants = rules[0].remainder.to(image).unsqueeze(1), rules[1].remainder.to(image)
    degree = 2 * rules[0].most
    vertical, horizontal = (
        c * (spread**degree + degree * spread ** (degree - 1)) for c, spread in zip(constants, spreads)
    )
    return vertical + horizontal

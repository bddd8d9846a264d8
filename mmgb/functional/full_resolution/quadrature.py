r"""The gradient of a sum of one function of each enlarged score.

Between four neighbouring samples the enlarged score is a bilinear patch, and a sum over its s x s pixels is replaced by
one over the nodes of two rules (:mod:`mmgb.functional.full_resolution.cell_rules`):

- A cell whose pixels all have the same weight takes Gauss nodes in both directions. Two small matrix products enlarge a
  tile of cells to its nodes, and their transposes take the gradient back.
- A cell whose pixels have different weights, as at the border of an ignored region, takes interpolatory nodes, whose
  weights contain those of the pixels.

A potential of degree d needs :math:`\lfloor d/2 \rfloor + 1` Gauss nodes or d + 1 interpolatory nodes a direction and
is then exact: for pow3-GB 9 or 25 evaluations instead of 64 at stride 8. For the exponential of exp-GB the Gauss rule
has an error, which is bounded: a cell is evaluated at its pixels if, for any class,

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
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..losses.formula import Formula
from .axis import Axis
from .cell_rules import GaussNodes, gauss_nodes, interpolatory_nodes
from .mixed_cells import Cells, corner_shares

NODES_OF_EXPONENTIAL = 4
TOLERANCE = 1e-3  # of the distance of the targets, for a potential that is no polynomial
# Edge of a tile in cells, and nodes of all channels that are evaluated at once. On a CPU they stay in a core's cache;
# on an accelerator they are large enough to hide the launches.
CPU_TILE, CPU_NODES = 16, 2**17
ACCELERATOR_TILE, ACCELERATOR_NODES = 64, 2**24


def add_gradient_of_wrong_classes(
    formula: Formula,
    scores: Tensor,
    weight: Tensor,
    extremes: tuple[Tensor, Tensor],
    axes: tuple[Axis, Axis],
    gradient: Tensor,
) -> None:
    """Add the gradient of the weighted sum of the potentials of all enlarged scores, as if every class were wrong.

    Args:
        formula (Formula): loss with a ``degree``.
        scores (Tensor): (N, C, h, w), contiguous, of the type to compute in.
        weight (Tensor): weight of each pixel, (N, H, W), of the scores' type.
        extremes (tuple[Tensor, Tensor]): result of :func:`extreme_weights`.
        axes (tuple[Axis, Axis]): vertical and horizontal axis of the enlargement.
        gradient (Tensor): contiguous tensor of the scores' shape and type that is changed.
    """
    assert formula.degree is not None
    exponential = formula.degree == math.inf
    most = NODES_OF_EXPONENTIAL if exponential else int(formula.degree) // 2 + 1
    rules = gauss_nodes(axes[0], most), gauss_nodes(axes[1], most)
    smallest, largest = extremes
    at_nodes = smallest == largest
    if exponential:
        at_nodes &= (largest == 0) | ~_rough_cells(formula, scores, axes, rules, most)
    _add_tiles(formula, scores, largest * at_nodes, rules, gradient)
    image, row, column = (~at_nodes).nonzero().unbind(1)
    nodes = [interpolatory_nodes(axis, formula.degree + 1) for axis in axes]
    nodes_per_cell = scores.shape[1] * nodes[0].offset.shape[1] * nodes[1].offset.shape[1]
    for chunk in Cells(image, row, column, axes).split(max(1, _budget(scores)[1] // nodes_per_cell)):
        _add_cells(formula, scores, weight, chunk, gradient)


def extreme_weights(weight: Tensor, axes: tuple[Axis, Axis]) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest weight (N, H, W) of the pixels of each cell, (N, rows, columns) each."""
    rows, columns = (axis.patches.to(weight.device) for axis in axes)
    by_row = weight[:, rows]
    return by_row.amin(2)[:, :, columns].amin(3), by_row.amax(2)[:, :, columns].amax(3)


def _budget(scores: Tensor) -> tuple[int, int]:
    """Return the edge of a tile in cells, and the number of nodes that are evaluated at once."""
    return (CPU_TILE, CPU_NODES) if scores.is_cpu else (ACCELERATOR_TILE, ACCELERATOR_NODES)


class _Part(NamedTuple):
    """A range of cells of an axis: its nodes, its samples, and the matrix that interpolates these at those."""

    nodes: slice
    samples: slice
    enlarge: Tensor


def _parts(rule: GaussNodes, edge: int, scores: Tensor) -> Iterator[_Part]:
    """Cut an axis into ranges of at most ``edge`` cells."""
    cells = len(rule.first) - 1
    for cell in range(0, cells, edge):
        end = min(cell + edge, cells)
        nodes, samples = slice(rule.first[cell], rule.first[end]), slice(cell, end + 1)
        yield _Part(nodes, samples, rule.enlarge[nodes, samples].to(scores))


def _add_tiles(
    formula: Formula,
    scores: Tensor,
    cell_weight: Tensor,
    rules: tuple[GaussNodes, GaussNodes],
    gradient: Tensor,
) -> None:
    """Add the gradient of the cells by Gauss nodes. Cells of weight 0 contribute nothing."""
    edge, budget = _budget(scores)
    rows, columns = (list(_parts(rule, edge, scores)) for rule in rules)
    cell = [rule.cell.to(scores.device) for rule in rules]
    weight = [rule.weight.to(scores) for rule in rules]
    for image, of_image in enumerate(cell_weight):
        for row in rows:
            for column in columns:
                of_cells = of_image[cell[0][row.nodes]][:, cell[1][column.nodes]]
                if scores.is_cpu and not of_cells.any():
                    continue
                node_weight = of_cells * weight[0][row.nodes].unsqueeze(1) * weight[1][column.nodes]
                step = max(1, budget // node_weight.numel())
                for channel in range(0, scores.shape[1], step):
                    tile = image, slice(channel, channel + step), row.samples, column.samples
                    delta = formula.delta(row.enlarge @ scores[tile] @ column.enlarge.T, formula.targets[0])
                    gradient[tile] += row.enlarge.T @ delta.mul_(node_weight) @ column.enlarge


def _add_cells(formula: Formula, scores: Tensor, weight: Tensor, cells: Cells, gradient: Tensor) -> None:
    """Add the gradient of some cells by interpolatory nodes."""
    assert formula.degree is not None
    nodes = [interpolatory_nodes(axis, formula.degree + 1) for axis in cells.axes]
    (rows, by_row), (columns, by_column) = (
        (rule.offset.to(scores)[index], rule.transfer.to(scores)[index])
        for rule, index in zip(nodes, (cells.row, cells.column))
    )
    node_weight = (by_row.mT @ cells.pixels(weight) @ by_column).flatten(1).unsqueeze(2)
    shares = corner_shares(rows, columns)
    corners = cells.corner_indices(scores.shape)
    delta = formula.delta(shares @ scores.view(-1)[corners], formula.targets[0])
    gradient.view(-1).index_add_(0, corners.view(-1), (shares.mT @ delta.mul_(node_weight)).view(-1))


def _rough_cells(
    formula: Formula, scores: Tensor, axes: tuple[Axis, Axis], rules: tuple[GaussNodes, GaussNodes], nodes: int
) -> Tensor:
    """Return the mask of the cells where the Gauss rule may exceed the tolerance for an exponential potential."""
    (first, last), (left, right) = (axis.ends for axis in axes)
    negative, positive = formula.targets
    masks = []
    for image in scores:  # one image at a time, since the temporaries are as large as its scores
        rise, run = (image[:, last] - image[:, first]).abs(), (image[..., right] - image[..., left]).abs()
        rise, run = torch.maximum(rise[..., left], rise[..., right]), torch.maximum(run[:, first], run[:, last])
        error = sum(
            rule.remainder * (spread ** (2 * nodes) + 2 * nodes * spread ** (2 * nodes - 1))
            for rule, spread in zip(rules, (rise, run))
        )
        largest = torch.maximum(image[:, first], image[:, last])
        largest = torch.maximum(largest[..., left], largest[..., right])
        masks.append((formula.output(largest) * error).amax(0) > TOLERANCE * (positive - negative))
    return torch.stack(masks)

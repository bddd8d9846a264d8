r"""The gradient of a sum of one function of each enlarged score.

Between four neighbouring samples the enlarged score is a bilinear patch, and a sum over its s x s pixels is replaced by
one over the nodes of two rules (:mod:`mmgb.functional.full_resolution.cell_rules`):

- A cell whose pixels all have the same weight takes Gauss nodes in both directions. Two small matrix products enlarge a
  tile of cells to its nodes, and their transposes take the gradient back.
- A cell whose pixels have different weights, as at the border of an ignored region, takes interpolatory nodes, whose
  weights contain those of the pixels.

A potential of degree d needs :math:`\lfloor d/2 \rfloor + 1` Gauss nodes or d + 1 interpolatory nodes a direction and
is then exact: for pow3-GB 9 or 25 evaluations instead of 64 at stride 8. The exponential of exp-GB takes four Gauss
nodes a direction, or the pixels of a cell whose pixels have different weights.

Where a potential is not smooth enough, single classes of single cells are evaluated at their pixels
(:mod:`mmgb.functional.full_resolution.rough_outputs`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from ..losses.formula import Formula, widened
from .axis import Axis
from .cell_rules import GaussNodes, gauss_rules
from .mixed_cells import Cells, corner_shares
from .rough_outputs import add_gradient_of_rough_outputs

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
    rough: Tensor | None,
    gradient: Tensor,
) -> Tensor:
    """Add the gradient of the weighted sum of the potentials of all enlarged scores, as if every class were wrong.

    Args:
        formula (Formula): loss with a ``degree``.
        scores (Tensor): (N, C, h, w), contiguous, of the type to compute in.
        weight (Tensor): weight of each pixel, (N, H, W), of the scores' type.
        extremes (tuple[Tensor, Tensor]): result of :func:`extreme_weights`.
        axes (tuple[Axis, Axis]): vertical and horizontal axis of the enlargement.
        rough (Tensor | None): result of :func:`~mmgb.functional.full_resolution.rough_outputs.rough_outputs`.
        gradient (Tensor): contiguous tensor of the scores' shape and type that is changed.

    Returns:
        Tensor: see :func:`~mmgb.functional.full_resolution.rough_outputs.add_gradient_of_rough_outputs`.
    """
    assert formula.degree is not None
    rules = gauss_rules(axes, formula.degree)
    smallest, largest = extremes
    _add_tiles(formula, scores, largest * (smallest == largest), rules, rough, gradient)
    image, row, column = (smallest != largest).nonzero().unbind(1)
    cells = Cells(image, row, column, axes)
    for chunk in cells.split(max(1, _nodes(scores) // (scores.shape[1] * cells.nodes(formula.degree)))):
        _add_cells(formula, scores, weight, chunk, rough, gradient)
    missed = widened(scores.new_zeros(()))
    if rough is not None:
        rough = rough & ((smallest != 0) | (largest != 0)).unsqueeze(1)
        image, channel, row, column = rough.nonzero().unbind(1)
        cells = Cells(image, row, column, axes)
        step = max(1, _nodes(scores) // cells.nodes(math.inf))
        for chunk, of_chunk in zip(cells.split(step), channel.split(step)):
            missed += add_gradient_of_rough_outputs(formula, scores, weight, chunk, of_chunk, gradient)
    return missed


def extreme_weights(weight: Tensor, axes: tuple[Axis, Axis]) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest weight (N, H, W) of the pixels of each cell, (N, rows, columns) each."""
    rows, columns = (axis.patches.to(weight.device) for axis in axes)
    by_row = weight[:, rows]
    return by_row.amin(2)[:, :, columns].amin(3), by_row.amax(2)[:, :, columns].amax(3)


def _nodes(scores: Tensor) -> int:
    """Return the number of nodes of all channels that are evaluated at once."""
    return CPU_NODES if scores.is_cpu else ACCELERATOR_NODES


class _Part(NamedTuple):
    """A range of cells of an axis: its nodes, its samples, and the matrix that interpolates these at those."""

    cells: slice
    nodes: slice
    samples: slice
    enlarge: Tensor


def _parts(rule: GaussNodes, edge: int, scores: Tensor) -> Iterator[_Part]:
    """Cut an axis into ranges of at most ``edge`` cells."""
    cells = len(rule.first) - 1
    for cell in range(0, cells, edge):
        end = min(cell + edge, cells)
        nodes, samples = slice(rule.first[cell], rule.first[end]), slice(cell, end + 1)
        yield _Part(slice(cell, end), nodes, samples, rule.enlarge[nodes, samples].to(scores))


def _add_tiles(
    formula: Formula,
    scores: Tensor,
    cell_weight: Tensor,
    rules: tuple[GaussNodes, GaussNodes],
    rough: Tensor | None,
    gradient: Tensor,
) -> None:
    """Add the gradient of the cells by Gauss nodes, without the rough outputs. Cells of weight 0 contribute nothing."""
    edge = CPU_TILE if scores.is_cpu else ACCELERATOR_TILE
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
                step = max(1, _nodes(scores) // node_weight.numel())
                for channel in range(0, scores.shape[1], step):
                    channels = slice(channel, channel + step)
                    tile = image, channels, row.samples, column.samples
                    delta = formula.delta(row.enlarge @ scores[tile] @ column.enlarge.T, formula.targets[0])
                    if rough is not None:
                        left_out = rough[image, channels, row.cells, column.cells]
                        if not scores.is_cpu or left_out.any():
                            at_nodes = left_out[:, cell[0][row.nodes] - row.cells.start]
                            delta.masked_fill_(at_nodes[:, :, cell[1][column.nodes] - column.cells.start], 0)
                    gradient[tile] += row.enlarge.T @ delta.mul_(node_weight) @ column.enlarge


def _add_cells(
    formula: Formula, scores: Tensor, weight: Tensor, cells: Cells, rough: Tensor | None, gradient: Tensor
) -> None:
    """Add the gradient of some cells by interpolatory nodes, without the rough outputs."""
    assert formula.degree is not None
    rows, columns, node_weight = cells.weighted_nodes(weight, formula.degree)
    shares = corner_shares(rows, columns)
    corners = cells.corner_indices(scores.shape)
    delta = formula.delta(shares @ scores.view(-1)[corners], formula.targets[0])
    if rough is not None:
        delta.masked_fill_(rough[cells.image, :, cells.row, cells.column].unsqueeze(1), 0)
    delta.mul_(node_weight.flatten(1).unsqueeze(2))
    gradient.view(-1).index_add_(0, corners.view(-1), (shares.mT @ delta).view(-1))

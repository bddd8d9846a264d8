r"""Quadrature rules for the sum of a function over the points of one cell.

A cell of an axis has some points :math:`u_k` in [0, 1] (:mod:`mmgb.functional.full_resolution.axis`). A rule replaces
the sum over them by a sum over fewer nodes:

- **Gauss**, for points of equal weight: with m nodes :math:`\sum_k f(u_k) = \sum_q \omega_q f(v_q)` is exact for
  polynomials of degree at most 2m - 1. The nodes are the eigenvalues of the Jacobi matrix of the discrete measure,
  which contains the coefficients of the three-term recurrence of its orthogonal polynomials (Golub and Welsch,
  *Calculation of Gauss Quadrature Rules*, 1969).
- **Interpolatory**, for points of any weights :math:`\mu_k`: with the Lagrange polynomials :math:`\ell_q` of m nodes,
  :math:`\sum_k \mu_k f(u_k) = \sum_q \left(\sum_k \mu_k \ell_q(u_k)\right) f(v_q)` is exact for degree at most
  m - 1. The weights are computed from the :math:`\mu_k` at run time.

Where a cell has at most m distinct points, its nodes are these points and the rule is exact for every function.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .axis import Axis

Floats = NDArray[np.float64]

NODES_OF_EXPONENTIAL = 4


class GaussNodes(NamedTuple):
    """The nodes of all cells of an axis, on the CPU.

    Attributes:
        most (int): largest number m of nodes of a cell.
        cell (Tensor): cell of each node, int64, ascending.
        weight (Tensor): weight of each node, float64. The weights of a cell sum to its number of points.
        enlarge (Tensor): matrix that interpolates the samples at the nodes, (nodes, samples), float64.
        first (tuple[int, ...]): first node of each cell, and after them the number of nodes.
        remainder (Tensor): constant c of the error ``c * |f^(2m)(u)|`` of the mean of f over a cell's points, for each
            cell, float64; 0 where the nodes are the points.
    """

    most: int
    cell: Tensor
    weight: Tensor
    enlarge: Tensor
    first: tuple[int, ...]
    remainder: Tensor


class InterpolatoryNodes(NamedTuple):
    """The nodes of all cells of an axis for weighted points, on the CPU.

    Attributes:
        offset (Tensor): offset of each node in its cell, (cells, nodes), float64.
        transfer (Tensor): Lagrange polynomials at the points of :attr:`Axis.patches`, (cells, most points, nodes),
            float64; 0 where a patch repeats a point.
    """

    offset: Tensor
    transfer: Tensor


def gauss_rules(axes: tuple[Axis, Axis], degree: float) -> tuple[GaussNodes, GaussNodes]:
    """Return the Gauss nodes of both axes for a potential of a degree: exact ones, or four a cell if it is infinite."""
    most = NODES_OF_EXPONENTIAL if degree == math.inf else int(degree) // 2 + 1
    return gauss_nodes(axes[0], most), gauss_nodes(axes[1], most)


@lru_cache(maxsize=64)
def gauss_nodes(axis: Axis, most: int) -> GaussNodes:
    """Return the Gauss nodes of an axis, at most ``most`` per cell."""
    cells, offsets, weights, first, remainder = [], [], [], [0], []
    for cell in range(axis.cells):
        distinct, counts = np.unique(axis.offset[axis.cell == cell].numpy(), return_counts=True)
        nodes, node_weights, constant = _gauss(distinct, counts.astype(float), most)
        cells += [cell] * len(nodes)
        offsets.append(nodes)
        weights.append(node_weights)
        first.append(len(cells))
        remainder.append(constant)
    cell_of_node, offset = torch.tensor(cells), torch.from_numpy(np.concatenate(offsets))
    enlarge = torch.zeros(len(cells), axis.samples, dtype=torch.float64)
    for sample, share in zip(axis.corners(cell_of_node), (1 - offset, offset)):
        enlarge.scatter_add_(1, sample.unsqueeze(1), share.unsqueeze(1))
    return GaussNodes(
        most,
        cell_of_node,
        torch.from_numpy(np.concatenate(weights)),
        enlarge,
        tuple(first),
        torch.tensor(remainder, dtype=torch.float64),
    )


def _gauss(points: Floats, weights: Floats, most: int) -> tuple[Floats, Floats, float]:
    """Return the nodes, their weights and the constant of the remainder for distinct weighted points."""
    if len(points) <= most:
        return points, weights, 0.0
    previous, current, diagonal, squared = np.zeros_like(points), np.ones_like(points), [], [1.0]
    norm = weights.sum()
    for _ in range(most):
        diagonal.append((weights * points * current**2).sum() / norm)
        previous, current = current, (points - diagonal[-1]) * current - squared[-1] * previous
        norm, last = (weights * current**2).sum(), norm
        squared.append(norm / last)
    beside = np.sqrt(squared[1:most])
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    return nodes, weights.sum() * vectors[0] ** 2, norm / weights.sum() / math.factorial(2 * most)


@lru_cache(maxsize=64)
def interpolatory_nodes(axis: Axis, most: float) -> InterpolatoryNodes:
    """Return the interpolatory nodes of an axis, at most ``most`` per cell; ``math.inf``: all distinct points."""
    distinct = [np.unique(axis.offset[axis.cell == cell].numpy()) for cell in range(axis.cells)]
    number = int(min(most, max(len(points) for points in distinct)))
    offset, transfer = np.zeros((axis.cells, number)), np.zeros((*axis.patches.shape, number))
    for cell, nodes in enumerate(distinct):
        if len(nodes) > number:
            nodes = (1 - np.cos((2 * np.arange(number) + 1) * np.pi / (2 * number))) / 2  # Chebyshev
        offset[cell, : len(nodes)] = nodes
        own = axis.offset[axis.cell == cell].numpy()
        transfer[cell, : len(own), : len(nodes)] = _lagrange(nodes, own)
    return InterpolatoryNodes(torch.from_numpy(offset), torch.from_numpy(transfer))


def _lagrange(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the value of each node's Lagrange polynomial at each point, (points, nodes)."""
    numerator = points[:, None, None] - nodes
    denominator = nodes[:, None] - nodes
    others = ~np.eye(len(nodes), dtype=bool)
    return np.prod(np.where(others, numerator, 1), axis=2) / np.prod(np.where(others, denominator, 1), axis=1)

"""The geometry of bilinear enlargement along one axis.

Two neighbouring samples bound a *cell*. An output point at offset u in [0, 1] of cell i has the value
``(1 - u) * sample[i] + u * sample[i + 1]``. Points that ``align_corners=False`` clamps to the border belong to the
first or last cell with offset 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..errors import ConfigError


@dataclass(frozen=True)
class Axis:
    """One axis of ``F.interpolate(..., mode='bilinear')``. Its tensors are on the CPU and computed in exact arithmetic.

    Args:
        samples (int): number of samples before the enlargement, at least 1.
        points (int): number of output points, at least ``samples``.
        align_corners (bool): whether the first and last points coincide with the first and last samples; otherwise the
            areas of the pixels are aligned.
    """

    samples: int
    points: int
    align_corners: bool

    @property
    def cells(self) -> int:
        """Number of cells; a single sample is a cell of its own."""
        return max(1, self.samples - 1)

    @cached_property
    def cell(self) -> Tensor:
        """Cell of each output point, int64, ascending."""
        return self._located[0]

    @cached_property
    def offset(self) -> Tensor:
        """Offset of each output point in its cell, float64 in [0, 1]."""
        return self._located[1]

    @cached_property
    def _located(self) -> tuple[Tensor, Tensor]:
        output = torch.arange(self.points)
        if self.align_corners:
            position, unit = output * (self.samples - 1), max(1, self.points - 1)
        else:
            unit = 2 * self.points
            position = ((2 * output + 1) * self.samples - self.points).clamp(0, unit * (self.samples - 1))
        cell = position.div(unit, rounding_mode='floor').clamp(max=self.cells - 1)
        return cell, (position - cell * unit).double() / unit

    @cached_property
    def counts(self) -> Tensor:
        """Number of points of each cell, at least 1."""
        return torch.bincount(self.cell, minlength=self.cells)

    @cached_property
    def patches(self) -> Tensor:
        """Indices of each cell's points, (cells, most points). A cell with fewer points repeats its last one."""
        steps = torch.arange(int(self.counts.max())).expand(self.cells, -1)
        return (self.counts.cumsum(0) - self.counts).unsqueeze(1) + torch.minimum(steps, self.counts.unsqueeze(1) - 1)

    @property
    def ends(self) -> tuple[slice, slice]:
        """Ranges of the samples at the two ends of all cells."""
        return slice(self.cells), slice(self.samples - self.cells, None)

    def corners(self, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two samples that bound each of some cells."""
        return cell, (cell + 1).clamp(max=self.samples - 1)


def enlarged_axes(scores: Tensor, size: tuple[int, int], align_corners: bool) -> tuple[Axis, Axis]:
    """Return the vertical and the horizontal axis of an enlargement.

    Args:
        scores (Tensor): (N, C, h, w).
        size (tuple[int, int]): height and width in pixels after the enlargement.
        align_corners (bool): see :class:`Axis`.

    Raises:
        ConfigError: if the scores are not (N, C, h, w), or larger than the image.
    """
    if scores.dim() != 4 or min(scores.shape[2:]) < 1:
        raise ConfigError(f'scores of shape {tuple(scores.shape)}: expected (N, C, h, w) with h and w at least 1')
    height, width = scores.shape[2:]
    if height > size[0] or width > size[1]:
        raise ConfigError(
            f'scores of {height} x {width} for an image of {size[0]} x {size[1]} pixels: expected scores that are at '
            'most as large as the image'
        )
    return Axis(height, size[0], bool(align_corners)), Axis(width, size[1], bool(align_corners))

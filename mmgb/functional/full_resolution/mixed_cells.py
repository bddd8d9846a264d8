"""Selected cells of a score map, each with its four corners: their scores, pixels and gradients."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .axis import Axis
from .cell_rules import interpolatory_nodes


class Cells(NamedTuple):
    """Cells of some images.

    Attributes:
        image, row, column (Tensor): indices of the image and of the cell, (K,) each.
        axes (tuple[Axis, Axis]): vertical and horizontal axis of the enlargement.
    """

    image: Tensor
    row: Tensor
    column: Tensor
    axes: tuple[Axis, Axis]

    def split(self, size: int) -> list[Cells]:
        """Return chunks of at most ``size`` cells."""
        chunks = zip(self.image.split(size), self.row.split(size), self.column.split(size))
        return [Cells(image, row, column, self.axes) for image, row, column in chunks if len(image)]

    def nodes(self, degree: float) -> int:
        """Return the number of nodes of a cell in :meth:`weighted_nodes`."""
        rows, columns = (interpolatory_nodes(axis, degree + 1).offset.shape[1] for axis in self.axes)
        return rows * columns

    def corners(self, width: int) -> Tensor:
        """Return the flat indices ``row * width + column`` of the four corners, (K, 4)."""
        top, bottom = self.axes[0].corners(self.row)
        left, right = self.axes[1].corners(self.column)
        return torch.stack([row * width + column for row in (top, bottom) for column in (left, right)], 1)

    def corner_indices(self, shape: torch.Size) -> Tensor:
        """Return the flat indices of the corners' scores in a contiguous map of this shape, (K, 4, C)."""
        _, classes, height, width = shape
        planes = self.image.unsqueeze(1) * classes + torch.arange(classes, device=self.image.device)
        return planes.unsqueeze(1) * (height * width) + self.corners(width).unsqueeze(2)

    def pixel_offsets(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vertical offsets (K, rows) and the horizontal ones (K, columns) of each cell's pixels."""
        rows, columns = (
            axis.offset.to(like)[axis.patches.to(like.device)[index]]
            for axis, index in zip(self.axes, (self.row, self.column))
        )
        return rows, columns

    def distinct(self) -> Tensor:
        """Return the mask of the pixels of :meth:`pixels` that do not repeat another one, (K, rows, columns)."""
        rows, columns = (
            torch.arange(axis.patches.shape[1], device=index.device) < axis.counts.to(index.device)[index].unsqueeze(1)
            for axis, index in zip(self.axes, (self.row, self.column))
        )
        return rows.unsqueeze(2) & columns.unsqueeze(1)

    def pixels(self, values: Tensor) -> Tensor:
        """Return the values (N, H, W) at each cell's pixels, (K, rows, columns); cells with fewer repeat the last."""
        rows, columns = (
            axis.patches.to(values.device)[index] for axis, index in zip(self.axes, (self.row, self.column))
        )
        return values[self.image.view(-1, 1, 1), rows.unsqueeze(2), columns.unsqueeze(1)]

    def weighted_nodes(self, weight: Tensor, degree: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return a rule for the sum over each cell's pixels, exact for polynomials of a degree.

        Args:
            weight (Tensor): weight of each pixel, (N, H, W).
            degree (float): ``math.inf``: the nodes are the pixels.

        Returns:
            tuple[Tensor, Tensor, Tensor]: the nodes' vertical offsets (K, R), their horizontal offsets (K, S), and the
                weights of their crossings (K, R, S).
        """
        (rows, by_row), (columns, by_column) = (
            (rule.offset.to(weight)[index], rule.transfer.to(weight)[index])
            for rule, index in (
                (interpolatory_nodes(axis, degree + 1), index)
                for axis, index in zip(self.axes, (self.row, self.column))
            )
        )
        return rows, columns, by_row.mT @ self.pixels(weight) @ by_column


def corner_shares(vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Return the weight of each corner at the crossings of vertical and horizontal offsets.

    Args:
        vertical (Tensor): offsets of some rows in each cell, (K, R).
        horizontal (Tensor): offsets of some columns in each cell, (K, S).

    Returns:
        Tensor: (K, R * S, 4), for the corners in the order of :meth:`Cells.corner_indices`.
    """
    rows, columns = (torch.stack([1 - offset, offset], -1) for offset in (vertical, horizontal))
    return torch.einsum('kri,ksj->krsij', rows, columns).flatten(3).flatten(1, 2)

"""Selected cells of a score map, each with its four corners: their scores, pixels and gradients."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .axis import Axis


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

    def corner_indices(self, shape: torch.Size) -> Tensor:
        """Return the flat indices of the corners' scores in a contiguous map of this shape, (K, 4, C)."""
        _, classes, height, width = shape
        top, bottom = self.axes[0].corners(self.row)
        left, right = self.axes[1].corners(self.column)
        corners = torch.stack([row * width + column for row in (top, bottom) for column in (left, right)], 1)
        planes = self.image.unsqueeze(1) * classes + torch.arange(classes, device=self.image.device)
        return planes.unsqueeze(1) * (height * width) + corners.unsqueeze(2)

    def pixels(self, values: Tensor) -> Tensor:
        """Return the values (N, H, W) at each cell's pixels, (K, rows, columns); cells with fewer repeat the last."""
        rows, columns = (
            axis.patches.to(values.device)[index] for axis, index in zip(self.axes, (self.row, self.column))
        )
        return values[self.image.view(-1, 1, 1), rows.unsqueeze(2), columns.unsqueeze(1)]


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

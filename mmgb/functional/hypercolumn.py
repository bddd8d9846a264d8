r"""PixelNet's sampled hypercolumns, without building them.

Source: Bansal, Chen, Russell, Gupta, Ramanan, *PixelNet* (arXiv:1702.06506), Section 3, and its released code.

A pixel's hypercolumn is the concatenation of several feature maps, each interpolated bilinearly at that pixel. The
first layer of the network on top is linear, and interpolation weights sum to 1, so for each map

.. math::
    W_k \, \mathrm{interpolate}(f_k) = \mathrm{interpolate}(W_k f_k)

The right side costs one product per *cell* of the map, the left one per *pixel*: a map takes whichever side is
smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Callable, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class LinearPart(NamedTuple):
    """One map's share of the first layer: ``W_k`` applied already (``weight`` is None), or still to be."""

    feature: Tensor  # (B, hidden, h, w), or (B, C_k, h, w)
    weight: Tensor | None  # (hidden, C_k, 1, 1)
    stride: float  # pixels between two cells
    offset: float  # pixel coordinate of the centre of cell 0


def draw_valid_pixels(labels: Tensor, num_pixels: int, ignore_index: int | None) -> Tensor:
    """Draw pixels uniformly from the valid ones, without repetition while there are enough.

    Args:
        labels: (B, H, W). A pixel is valid unless its label is ``ignore_index``.
        num_pixels: how many to draw in each image. An image with fewer valid pixels repeats them in turn; one with
            none gives ignored ones.

    Returns:
        Flat indices ``y * W + x``, (B, num_pixels).
    """
    labels = labels.flatten(1)
    valid = labels != ignore_index if ignore_index is not None else torch.ones_like(labels, dtype=torch.bool)
    keys = torch.rand(labels.shape, device=labels.device).masked_fill_(~valid, -1)
    drawn = keys.topk(min(num_pixels, labels.shape[1]), dim=1).indices
    distinct = valid.sum(1, keepdim=True).clamp(1, drawn.shape[1])
    return drawn.gather(1, torch.arange(num_pixels, device=labels.device) % distinct)


def pixel_coordinates(indices: Tensor, width: int) -> Tensor:
    """(x, y) of flat pixel indices: (B, P) to (B, P, 2), float."""
    return torch.stack([indices % width, indices.div(width, rounding_mode='floor')], dim=-1).float()


def crop_to_image(feature: Tensor, size: tuple[int, int], stride: float, offset: float) -> tuple[Tensor, float]:
    """Cut off the cells of the padding that no pixel of the image reads.

    Args:
        feature: (B, C, h, w).
        size: (H, W) of the image in pixels.
        stride, offset: of the map, in pixels of the image.

    Returns:
        The cells that the pixels (0, 0) to (W - 1, H - 1) interpolate between, and the offset of their first one.
    """
    first = max(0, math.floor(-offset / stride))
    last_y, last_x = (math.ceil((pixels - 1 - offset) / stride) for pixels in size)
    first = min(first, feature.shape[2] - 1, feature.shape[3] - 1)
    return feature[:, :, first : max(first, last_y) + 1, first : max(first, last_x) + 1], offset + first * stride


def interpolate_at(feature: Tensor, points: Tensor, stride: float, offset: float) -> Tensor:
    """Bilinear interpolation at scattered pixels, clamped into the map.

    Args:
        feature: (B, C, h, w).
        points: (B, P, 2), (x, y) in pixels; pixel x lies at ``(x - offset) / stride`` in the map.

    Returns:
        (B, C, P, 1).
    """
    cells = (points.to(feature.dtype) - offset) / stride
    extent = cells.new_tensor([feature.shape[3] - 1, feature.shape[2] - 1]).clamp(min=1)
    return F.grid_sample(
        feature, (2 * cells / extent - 1).unsqueeze(2), mode='bilinear', padding_mode='border', align_corners=True
    )


def interpolate_grid(feature: Tensor, rows: Tensor, columns: Tensor, stride: float, offset: float) -> Tensor:
    """Bilinear interpolation at every crossing of rows and columns: two small matrix products instead of gathers.

    Args:
        feature: (B, C, h, w).
        rows, columns: (R) and (S), in pixels.

    Returns:
        (B, C, R, S): what :func:`interpolate_at` gives at these pixels.
    """
    vertical, horizontal = (
        _interpolation_matrix((pixels.to(feature.dtype) - offset) / stride, cells)
        for pixels, cells in ((rows, feature.shape[2]), (columns, feature.shape[3]))
    )
    return vertical @ feature @ horizontal.T


def _interpolation_matrix(positions: Tensor, cells: int) -> Tensor:
    """(P, cells): row p holds the weights of the two cells beside position p, clamped."""
    positions = positions.clamp(0, cells - 1).unsqueeze(1)
    distance = (positions - torch.arange(cells, device=positions.device)).abs()
    return (1 - distance).clamp(min=0)


def split_first_layer(
    features: Sequence[Tensor],
    weight: Tensor,
    strides: Sequence[float],
    offsets: Sequence[float],
    num_points: int,
    factorised: bool = True,
) -> list[LinearPart]:
    """Give each map its slice of the first layer's weight, applied where the map has fewer cells than points.

    Args:
        features: maps of (B, C_k, h_k, w_k).
        weight: (hidden, sum of C_k, 1, 1).
        strides, offsets: of each map.
        num_points: how many points an image are evaluated at once. It also bounds the memory: no applied part has
            more than this number of cells.
        factorised: False leaves every part to be applied after the interpolation, as in the release.
    """
    parts = []
    slices = weight.split([feature.shape[1] for feature in features], dim=1)
    for feature, part, stride, offset in zip(features, slices, strides, offsets):
        if factorised and feature.shape[2] * feature.shape[3] <= num_points:
            parts.append(LinearPart(F.conv2d(feature, part), None, stride, offset))
        else:
            parts.append(LinearPart(feature, part, stride, offset))
    return parts


def hypercolumn_linear(parts: Sequence[LinearPart], interpolate: Callable[..., Tensor]) -> Tensor:
    """The first layer's outputs at pixels, without its bias.

    The parts not yet applied are concatenated first: together they are the (rest of the) literal hypercolumn.

    Args:
        parts: of :func:`split_first_layer`.
        interpolate: :func:`interpolate_at` or :func:`interpolate_grid` with its pixels bound.

    Returns:
        (B, hidden, …), in the shape that ``interpolate`` gives.
    """
    columns = [interpolate(part.feature, stride=part.stride, offset=part.offset) for part in parts]
    outputs = [column for column, part in zip(columns, parts) if part.weight is None]
    pending = [(column, part.weight) for column, part in zip(columns, parts) if part.weight is not None]
    if pending:
        columns, weights = zip(*pending)
        outputs.append(F.conv2d(torch.cat(columns, dim=1), torch.cat(weights, dim=1)))
    return reduce(torch.add, outputs)

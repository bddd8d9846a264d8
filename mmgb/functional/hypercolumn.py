r"""The first layer on PixelNet's hypercolumns, without building the hypercolumns.

Source: Bansal, Chen, Russell, Gupta, Ramanan, *PixelNet* (arXiv:1702.06506), Section 3, and its released code.

The hypercolumn of a pixel is the concatenation of several feature maps, each interpolated bilinearly at that pixel. The
layer on top is linear, so with the slice :math:`W_k` of its weight that belongs to map :math:`f_k`

.. math::
    W_k \, \mathrm{interpolate}(f_k) = \mathrm{interpolate}(W_k f_k)

The left side needs one product per *pixel*, the right side one per *cell* of the map; each map uses the smaller one.

Coordinates: cell i of a map is centred at pixel coordinate ``offset + i * stride``, in x and y alike. Positions and
interpolation weights are float32 (float64 for float64 maps), also for half-precision maps and inside autocast: bfloat16
represents integers only up to 256, float16 up to 2,048. The interpolated values have the dtype of the map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Callable, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .autocast import without_autocast


class LinearPart(NamedTuple):
    """The contribution of one map to the first layer, before interpolation.

    Attributes:
        feature: product of the weight and the map, shape (B, hidden, h, w), or, if ``weight`` is given, the map itself,
            shape (B, C_k, h, w).
        weight: weight to apply after the interpolation, shape (hidden, C_k, 1, 1). None: it is applied already.
        stride: distance of neighbouring cells in pixels.
        offset: pixel coordinate of the centre of cell 0.
    """

    feature: Tensor
    weight: Tensor | None
    stride: float
    offset: float


def valid_pixels(labels: Tensor, ignore_index: int | None) -> Tensor:
    """Return the mask of the pixels that are not ignored, all of them if ``ignore_index`` is None."""
    return torch.ones_like(labels, dtype=torch.bool) if ignore_index is None else labels != ignore_index


def draw_valid_pixels(labels: Tensor, num_pixels: int, ignore_index: int | None) -> Tensor:
    """Draw valid pixels uniformly, without replacement while there are enough.

    Args:
        labels: target classes, shape (B, H, W). A pixel is valid unless its label is ``ignore_index``.
        num_pixels: number of pixels per image. An image with fewer valid pixels repeats them equally often; an image
            without valid pixels returns ignored ones.
        ignore_index: label of ignored pixels. None: every pixel is valid.

    Returns:
        Flat indices ``y * W + x``, shape (B, num_pixels).
    """
    labels = labels.flatten(1)
    valid = valid_pixels(labels, ignore_index)
    keys = torch.rand(labels.shape, dtype=torch.float32, device=labels.device).masked_fill_(~valid, -1)
    drawn = keys.topk(min(num_pixels, labels.shape[1]), dim=1).indices
    distinct = valid.sum(1, keepdim=True).clamp(1, drawn.shape[1])
    return drawn.gather(1, torch.arange(num_pixels, device=labels.device) % distinct)


def pixel_coordinates(indices: Tensor, width: int) -> Tensor:
    """Convert flat pixel indices, shape (B, P), to float coordinates (x, y), shape (B, P, 2)."""
    return torch.stack([indices % width, indices.div(width, rounding_mode='floor')], dim=-1).float()


def crop_to_image(feature: Tensor, size: tuple[int, int], stride: float, offset: float) -> tuple[Tensor, float]:
    """Remove the cells of the padding, from which no pixel of the image is interpolated.

    Args:
        feature: feature map, shape (B, C, h, w).
        size: height and width of the image in pixels.
        stride: distance of neighbouring cells in pixels.
        offset: pixel coordinate of the centre of cell 0.

    Returns:
        The cells between which the pixels (0, 0) to (W - 1, H - 1) are interpolated, and the offset of the first one.
    """
    first = max(0, math.floor(-offset / stride))
    last_y, last_x = (math.ceil((pixels - 1 - offset) / stride) for pixels in size)
    first = min(first, feature.shape[2] - 1, feature.shape[3] - 1)
    return feature[:, :, first : max(first, last_y) + 1, first : max(first, last_x) + 1], offset + first * stride


def interpolate_at(feature: Tensor, points: Tensor, stride: float, offset: float) -> Tensor:
    """Interpolate a map bilinearly at arbitrary pixels. Pixels outside the map get the value at its border.

    Args:
        feature: feature map, shape (B, C, h, w).
        points: pixel coordinates (x, y), shape (B, P, 2).
        stride: distance of neighbouring cells in pixels.
        offset: pixel coordinate of the centre of cell 0.

    Returns:
        Values, shape (B, C, P, 1).
    """
    precise = feature.to(_precise(feature.dtype))
    cells = (points.to(precise.dtype) - offset) / stride
    extent = cells.new_tensor([feature.shape[3] - 1, feature.shape[2] - 1]).clamp(min=1)
    values = F.grid_sample(
        precise, (2 * cells / extent - 1).unsqueeze(2), mode='bilinear', padding_mode='border', align_corners=True
    )
    return values.to(feature.dtype)


def interpolate_grid(feature: Tensor, rows: Tensor, columns: Tensor, stride: float, offset: float) -> Tensor:
    """Interpolate a map bilinearly at every crossing of some rows and columns.

    The result equals that of :func:`interpolate_at`, but it gathers whole rows, and a small matrix product
    interpolates along them.

    Args:
        feature: feature map, shape (B, C, h, w).
        rows: y coordinates in pixels, shape (R,).
        columns: x coordinates in pixels, shape (S,).
        stride: distance of neighbouring cells in pixels.
        offset: pixel coordinate of the centre of cell 0.

    Returns:
        Values, shape (B, C, R, S).
    """
    return sum_on_grid([LinearPart(feature, None, stride, offset)], rows, columns)


def sum_on_grid(parts: Sequence[LinearPart], rows: Tensor, columns: Tensor) -> Tensor:
    """Return the sum of some maps, each interpolated as by :func:`interpolate_grid`, in one product for all of them."""
    gathered, matrices = [], []
    for feature, _, stride, offset in parts:
        precise = _precise(feature.dtype)
        y = ((rows.to(precise) - offset) / stride).clamp(0, feature.shape[2] - 1)
        before = y.long()
        low, high = (
            feature.index_select(2, cells).to(precise)
            for cells in (before, (before + 1).clamp(max=feature.shape[2] - 1))
        )
        gathered.append(torch.lerp(low, high, (y - before).unsqueeze(1)))
        matrices.append(_interpolation_matrix((columns.to(precise) - offset) / stride, feature.shape[3]))
    horizontal, joined = torch.cat(matrices, 1).T, torch.cat(gathered, 3)
    del gathered, low, high  # before the next tensor of their size
    with without_autocast(horizontal.device):  # it would round the weights in the product
        return (joined @ horizontal).to(parts[0].feature.dtype)


def sum_at(parts: Sequence[LinearPart], points: Tensor) -> Tensor:
    """Return the sum of some maps, each interpolated by :func:`interpolate_at`."""
    columns = (interpolate_at(part.feature, points, part.stride, part.offset) for part in parts)
    return reduce(Tensor.add_, columns)  # in place: a column is as large as the output


def _interpolation_matrix(positions: Tensor, cells: int) -> Tensor:
    """Return the weight of each cell at each position, shape (P, cells); positions are clamped to the map."""
    positions = positions.clamp(0, cells - 1).unsqueeze(1)
    distance = (positions - torch.arange(cells, device=positions.device)).abs()
    return (1 - distance).clamp(min=0)


def _precise(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)


def split_first_layer(
    features: Sequence[Tensor],
    weight: Tensor,
    strides: Sequence[float],
    offsets: Sequence[float],
    num_points: int,
    factorised: bool = True,
) -> list[LinearPart]:
    """Split the first layer by map, and apply it to the maps that have at most as many cells as there are points.

    Args:
        features: feature maps, each of shape (B, C_k, h_k, w_k).
        weight: weight of the first layer, shape (hidden, sum of C_k, 1, 1).
        strides: distance of neighbouring cells in pixels, per map.
        offsets: pixel coordinate of the centre of cell 0, per map.
        num_points: number of points per image that are evaluated at once. It also limits the memory: a product has at
            most this number of cells.
        factorised: whether to apply the weight before the interpolation where that is cheaper. False: always after it,
            as in the released code.

    Returns:
        One part per map.
    """
    parts = []
    slices = weight.split([feature.shape[1] for feature in features], dim=1)
    for feature, part, stride, offset in zip(features, slices, strides, offsets):
        if factorised and feature.shape[2] * feature.shape[3] <= num_points:
            parts.append(LinearPart(F.conv2d(feature, part), None, stride, offset))
        else:
            parts.append(LinearPart(feature, part, stride, offset))
    return parts


def hypercolumn_linear(parts: Sequence[LinearPart], interpolated_sum: Callable[..., Tensor]) -> Tensor:
    """Compute the outputs of the first layer at some pixels, without its bias.

    The parts whose weight is not yet applied are concatenated, so that one product computes them all.

    Args:
        parts: result of :func:`split_first_layer`.
        interpolated_sum: :func:`sum_at` or :func:`sum_on_grid` with its pixels bound.

    Returns:
        Outputs, shape (B, hidden, …) with the last dimensions of the result of ``interpolated_sum``.
    """
    applied = [part for part in parts if part.weight is None]
    pending = [(part, part.weight) for part in parts if part.weight is not None]
    if not pending:
        return interpolated_sum(applied)
    hypercolumn = torch.cat([interpolated_sum([part]) for part, _ in pending], dim=1)
    outputs = F.conv2d(hypercolumn, torch.cat([weight for _, weight in pending], dim=1))
    del hypercolumn  # before the next tensors of its size
    return outputs.add_(interpolated_sum(applied)) if applied else outputs

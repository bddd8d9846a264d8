r"""Spatial pyramid pooling: a vector of fixed length from a feature map.

Source: He et al., *Spatial Pyramid Pooling in Deep Convolutional Networks* (ECCV 2014), as in the network that the
authors of Relay Backpropagation released. On a window of w x w cells, a level of b x b bins is max pooling with equal
kernel and stride

.. math::
    k = \lceil w / b \rceil

where the last bin contains the remaining cells. For w = 14 and b = 1, 2, 3, 7 the kernels are 14, 7, 5, 2, and the last
of three bins has 4 cells per side.

This rule depends on the window: with 16 or 24 cells it gives 6 bins for b = 7. There are two ways to pool a larger map:
:func:`spatial_pyramid_pool` pools every window inside it, :func:`adaptive_pyramid_pool` divides the whole map into
b x b bins. The two differ even on 14 x 14 cells, because adaptive bins can overlap.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import ConfigError

BINS = (1, 2, 3, 7)
WINDOW = 14


def pyramid_kernels(bins: Sequence[int] = BINS, window: int = WINDOW) -> tuple[int, ...]:
    """Return the kernel, which is also the stride, of each level.

    Args:
        bins: number of bins per side of each level.
        window: cells per side of the window.

    Raises:
        ConfigError: if no kernel divides the window into that number of bins.
    """
    for number in bins:
        if not 1 <= number <= window or math.ceil(window / math.ceil(window / number)) != number:
            possible = sorted({math.ceil(window / kernel) for kernel in range(1, window + 1)})
            raise ConfigError(
                f'bins={tuple(bins)!r}: {number} bins a side are impossible in a window of {window} cells; expected '
                f'some of {possible}'
            )
    return tuple(math.ceil(window / number) for number in bins)


def spatial_pyramid_pool(features: Tensor, bins: Sequence[int] = BINS, window: int = WINDOW) -> Tensor:
    """Pool every window of a feature map.

    Args:
        features (Tensor): feature map, shape (N, C, H, W), with H and W at least ``window``.
        bins: number of bins per side of each level.
        window: cells per side of the window.

    Returns:
        Shape (N, P, C * V). P = (H - window + 1) * (W - window + 1) is the number of windows, in row-major order; it is
        1 if the map has the size of the window. V is the number of bins of all levels. The values are ordered by level
        as in ``bins``, then by channel, then by bin in row-major order.

    Raises:
        ConfigError: if the map is smaller than the window, or ``bins`` don't fit the window.
    """
    kernels = pyramid_kernels(bins, window)
    if min(features.shape[2:]) < window:
        raise ConfigError(
            f'window={window}: a feature map of {features.shape[2]}x{features.shape[3]} cells is smaller than the '
            f'window of {window}x{window}; use larger images'
        )
    windows = features.unfold(2, window, 1).unfold(3, window, 1).permute(0, 2, 3, 1, 4, 5)
    windows, positions = windows.flatten(0, 2), windows.shape[1] * windows.shape[2]
    levels = [F.max_pool2d(windows, kernel, ceil_mode=True).flatten(1) for kernel in kernels]
    return torch.cat(levels, dim=1).unflatten(0, (features.shape[0], positions))


def adaptive_pyramid_pool(features: Tensor, bins: Sequence[int] = BINS) -> Tensor:
    """Pool a feature map of any size in bins that cover it evenly.

    Bin i of b covers the cells from floor(i * H / b) up to, but not including, ceil((i + 1) * H / b), so neighbouring
    bins may share cells.

    Args:
        features (Tensor): feature map, shape (N, C, H, W).
        bins: number of bins per side of each level.

    Returns:
        Shape (N, C * V), in the order of :func:`spatial_pyramid_pool`.
    """
    return torch.cat([F.adaptive_max_pool2d(features, number).flatten(1) for number in bins], dim=1)

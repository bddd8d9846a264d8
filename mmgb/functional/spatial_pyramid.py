r"""Spatial pyramid pooling: a vector of one length for a feature map.

Source: He et al., *Spatial Pyramid Pooling in Deep Convolutional Networks* (ECCV 2014), in the form of the network that
the authors of Relay Backpropagation released. A level of b x b bins is max pooling whose kernel is its stride,

.. math::
    k = \lceil w / b \rceil

for a window of w x w cells, the last bin being what is left (w = 14 and b = 1, 2, 3, 7: k = 14, 7, 5, 2, and the last
of three bins has 4 cells a side). That rule is bound to its window: 16 or 24 cells give 6 bins for b = 7. A larger map
is therefore either taken as all the windows that lie in it, or cut into b x b bins adaptively, which is another
function, also for 14 cells, where its bins overlap.
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
    """The kernel (and stride) of each level.

    Raises:
        ValueError: where no such pooling gives this number of bins.
    """
    for number in bins:
        if not 1 <= number <= window or math.ceil(window / math.ceil(window / number)) != number:
            possible = sorted({math.ceil(window / kernel) for kernel in range(1, window + 1)})
            raise ConfigError(
                f'bins={tuple(bins)!r}: {number} bins a side are impossible in a window of {window} '
                f'cells; expected some of {possible}'
            )
    return tuple(math.ceil(window / number) for number in bins)


def spatial_pyramid_pool(features: Tensor, bins: Sequence[int] = BINS, window: int = WINDOW) -> Tensor:
    """Pool every window of the map.

    Args:
        features: (N, C, H, W), H and W at least ``window``.
        bins: a side, of each level.
        window: cells a side.

    Returns:
        (N, P, C * V), with V the number of all bins, for the P = (H - window + 1) * (W - window + 1) windows, row by
        row: P is 1 where the map is one window. The values stand level after level, in the order of ``bins``, in a
        level channel after channel, and in a channel row by row.

    Raises:
        ValueError: a smaller map; ``bins`` that the window can't have.
    """
    kernels = pyramid_kernels(bins, window)
    if min(features.shape[2:]) < window:
        raise ConfigError(
            f'a feature map of {features.shape[2]}x{features.shape[3]} cells is smaller than the window '
            f'of {window}x{window} that the pyramid pools: use larger images'
        )
    windows = features.unfold(2, window, 1).unfold(3, window, 1).permute(0, 2, 3, 1, 4, 5)
    windows, positions = windows.flatten(0, 2), windows.shape[1] * windows.shape[2]
    levels = [F.max_pool2d(windows, kernel, ceil_mode=True).flatten(1) for kernel in kernels]
    return torch.cat(levels, dim=1).unflatten(0, (features.shape[0], positions))


def adaptive_pyramid_pool(features: Tensor, bins: Sequence[int] = BINS) -> Tensor:
    """Pool the whole map, whatever its size, into b x b bins that cover it evenly: (N, C, H, W) to (N, C * V).

    Bin i of b spans the cells from floor(i * H / b) to before ceil((i + 1) * H / b), so that neighbours may share
    cells. The values stand as in :func:`spatial_pyramid_pool`.
    """
    return torch.cat([F.adaptive_max_pool2d(features, number).flatten(1) for number in bins], dim=1)

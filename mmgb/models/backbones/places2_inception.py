"""Model B of the Relay paper."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgb.registry import MODELS

from .layers import conv_layers, scaled
from .staged_backbone import StagedBackbone

MODULES = 4  # in each stage
STRIDE = 16


class ModifiedInception(nn.Module):
    """Concatenates a 1x1 convolution of k channels, a 3x3 one of k, and two 3x3 ones in a row of 2k, each with ReLU.

    Unlike the original it has no pool branch and no 1x1 convolutions that reduce channels (Relay paper, Table 2).
    (N, in_channels, H, W) becomes (N, 4k, H, W).
    """

    def __init__(self, in_channels: int, k: int) -> None:
        super().__init__()
        self.branch1x1 = nn.Sequential(*conv_layers(in_channels, k, 1))
        self.branch3x3 = nn.Sequential(*conv_layers(in_channels, k, 3))
        self.branch3x3_double = nn.Sequential(*conv_layers(in_channels, 2 * k, 3), *conv_layers(2 * k, 2 * k, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1x1(x), self.branch3x3(x), self.branch3x3_double(x)], dim=1)


@MODELS.register_module()
class Places2Inception(StagedBackbone):
    """The convolutions of model B (*Relay Backpropagation*, Table 2, and the network that its authors released).

    A 7x7 convolution of 128 channels with stride 2, then four modified inception modules each of k = 64, 128 and 128;
    a 2x2 max-pool ends each stage but the last, no batch norm. At 224x224 the four stages give 56x56x128, 28x28x256,
    14x14x512 and 14x14x512. What follows is the head's, and the neck's, which can apply it to every 14x14 window of a
    larger map (:class:`mmgb.models.necks.SpatialPyramidPooling`)::

        backbone=dict(type='mmgb.Places2Inception'),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=512),      # 32,256 values, fc 4096, fc 4096
        head=dict(type='LinearClsHead', num_classes=401, in_channels=4096)

    Relay: the stage at 28x28 is the overlap, and the auxiliary classifier stands behind its pool, that is
    ``source='backbone.stages.2'`` and ``primary_lowest='backbone.stages.2'``.

    Args:
        width: factor of all channel numbers, > 0.
        out_indices, frozen_stages, init_cfg: see :class:`StagedBackbone`. He initialisation is the paper's own. The
            pools round up, as Caffe's, with which the paper worked: of use only where a side isn't a multiple of 16.

    Raises:
        ValueError: settings outside these ranges; in the forward pass, an image with a side below 16 pixels.
    """

    def __init__(
        self,
        width: float = 1.0,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        channels = [scaled(128, width)]
        stages = [nn.Sequential(*conv_layers(3, channels[0], 7, stride=2), nn.MaxPool2d(2, ceil_mode=True))]
        for k in (scaled(64, width), scaled(128, width), scaled(128, width)):
            modules = [ModifiedInception(channels[-1] if index == 0 else 4 * k, k) for index in range(MODULES)]
            stages.append(nn.Sequential(*modules, nn.MaxPool2d(2, ceil_mode=True)))
            channels.append(4 * k)
        del stages[-1][-1]
        super().__init__(stages, channels, STRIDE, out_indices, frozen_stages, init_cfg)

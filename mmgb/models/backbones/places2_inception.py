"""Backbone of the Relay paper's model B."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgb.registry import MODELS

from .layers import conv_layers, scaled
from .staged_backbone import StagedBackbone

MODULES = 4  # inception modules of each stage
STRIDE = 16  # pixels per cell of the last map


class ModifiedInception(nn.Module):
    """Inception module of three branches: 1x1, 3x3, and two consecutive 3x3 convolutions, each followed by ReLU.

    Unlike the original module it has no pooling branch and no 1x1 convolutions that reduce channels (Relay paper,
    Table 2). The branches' outputs are concatenated.

    Args:
        in_channels: number of input channels.
        k: number of channels of the 1x1 and 3x3 branches; the branch of two 3x3 convolutions has ``2 * k``.
    """

    def __init__(self, in_channels: int, k: int) -> None:
        super().__init__()
        self.branch1x1 = nn.Sequential(*conv_layers(in_channels, k, 1))
        self.branch3x3 = nn.Sequential(*conv_layers(in_channels, k, 3))
        self.branch3x3_double = nn.Sequential(*conv_layers(in_channels, 2 * k, 3), *conv_layers(2 * k, 2 * k, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (N, in_channels, H, W) to (N, 4 * k, H, W)."""
        return torch.cat([self.branch1x1(x), self.branch3x3(x), self.branch3x3_double(x)], dim=1)


@MODELS.register_module()
class Places2Inception(StagedBackbone):
    """Convolutions of model B (*Relay Backpropagation*, Table 2, and the network released by its authors).

    The first stage is a 7x7 convolution of 128 channels with stride 2. The other three have four modified inception
    modules each, with k = 64, 128 and 128. A 2x2 max-pool ends each stage except the last, and there is no batch
    normalization. For a 224x224 image the stages return maps of 56x56x128, 28x28x256, 14x14x512 and 14x14x512. The neck
    :class:`mmgb.models.necks.SpatialPyramidPooling` and the head hold the layers above; the neck can also apply them to
    every 14x14 window of a larger map::

        backbone=dict(type='mmgb.Places2Inception'),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=512),      # 32,256 values, fc 4096, fc 4096
        head=dict(type='LinearClsHead', num_classes=401, in_channels=4096)

    For Relay Backpropagation, the stage at 28x28 is the overlap of both ranges and the auxiliary classifier follows its
    max-pool: ``source='backbone.stages.2'`` and ``primary_lowest='backbone.stages.2'``.

    Max-pools round up as in Caffe, which the paper used. This matters only if a side is not a multiple of 16.

    Args:
        width: factor applied to all channel numbers, > 0.
        out_indices: indices of the returned stages, see :class:`StagedBackbone`.
        frozen_stages: number of frozen stages, see :class:`StagedBackbone`.
        init_cfg: initialization config, see :class:`StagedBackbone`. The default, He initialization, is the paper's.

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if a side of the image is shorter than
            16 pixels.
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

"""Backbone of the Relay paper's model A and of the VGG networks in its Table 1."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import conv_layers, scaled
from .staged_backbone import StagedBackbone

# Convolutions of each stage, by depth.
CONVOLUTIONS = {19: (2, 2, 4, 4, 4), 22: (2, 2, 5, 5, 5), 25: (2, 2, 6, 6, 6)}
STRIDE = 16  # pixels per cell of the last map


@MODELS.register_module()
class Places2VGG(StagedBackbone):
    """Convolutions of model A (*Relay Backpropagation*, Table 2): 3x3 with ReLU, without batch normalization.

    The five stages have 2, 2, 5, 5 and 5 convolutions of 64, 128, 256, 512 and 256 channels. A 2x2 max-pool ends each
    stage except the last. For a 224x224 image the stages return maps of 112x112x64, 56x56x128, 28x28x256, 14x14x512
    and 14x14x256. The neck :class:`mmgb.models.necks.SpatialPyramidPooling` and the head hold the layers above; the
    neck can also apply them to every 14x14 window of a larger map::

        backbone=dict(type='mmgb.Places2VGG'),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=256),      # pyramid, fc 4096, fc 4096
        head=dict(type='LinearClsHead', num_classes=401, in_channels=4096)

    For Relay Backpropagation, the stage at 28x28 is the overlap of both ranges and the auxiliary classifier follows its
    max-pool: ``source='backbone.stages.3'`` and ``primary_lowest='backbone.stages.3'``.

    Max-pools round up as in Caffe, which the paper used. This matters only if a side is not a multiple of 16.

    The networks of Table 1 use ``last_channels=512`` and no pyramid. VGG's last max-pool and flattening equal the same
    neck with one level, ``bins=(7,)``.

    Args:
        depth: number of layers with weights, the three fully connected ones included: 19, 22 (model A) or 25.
        last_channels: number of channels of the 14x14 stage. Table 2 prints 256; VGG-19, the basis of model A, has 512.
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
        depth: int = 22,
        last_channels: int = 256,
        width: float = 1.0,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        if depth not in CONVOLUTIONS:
            raise ConfigError(f'depth={depth!r}: expected 19, 22 or 25')
        channels = [scaled(number, width) for number in (64, 128, 256, 512, last_channels)]
        stages, before = [], 3
        for count, after in zip(CONVOLUTIONS[depth], channels):
            layers = []
            for _ in range(count):
                layers += conv_layers(before, after, 3)
                before = after
            stages.append(nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True)))
        del stages[-1][-1]
        super().__init__(stages, channels, STRIDE, out_indices, frozen_stages, init_cfg)

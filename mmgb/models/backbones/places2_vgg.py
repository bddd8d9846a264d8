"""Model A of the Relay paper, and the VGG networks of its Table 1."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import conv_layers, scaled
from .staged_backbone import StagedBackbone

CONVOLUTIONS = {19: (2, 2, 4, 4, 4), 22: (2, 2, 5, 5, 5), 25: (2, 2, 6, 6, 6)}
STRIDE = 16


@MODELS.register_module()
class Places2VGG(StagedBackbone):
    """The convolutions of model A (*Relay Backpropagation*, Table 2): 3x3 with ReLU, no batch norm.

    64 channels twice, 128 twice, 256, 512 and 256 five times each; a 2x2 max-pool ends each stage but the last. At
    224x224 the stages give 112x112x64, 56x56x128, 28x28x256, 14x14x512 and 14x14x256. What follows is the head's, and
    the neck's, which can apply it to every 14x14 window of a larger map
    (:class:`mmgb.models.necks.SpatialPyramidPooling`)::

        backbone=dict(type='mmgb.Places2VGG'),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=256),      # pyramid, fc 4096, fc 4096
        head=dict(type='LinearClsHead', num_classes=401, in_channels=4096)

    Relay: the stage at 28x28 is the overlap, and the auxiliary classifier stands behind its pool, that is
    ``source='backbone.stages.3'`` and ``primary_lowest='backbone.stages.3'``.

    The networks of Table 1 have ``last_channels=512``, and no pyramid: VGG's last pool and the flattening before its
    fully connected layers are the one level ``bins=(7,)`` of the same neck.

    Args:
        depth: layers with weights, the three fully connected ones included: 19, 22 (model A) or 25.
        last_channels: of the 14x14 stage. 256 is what Table 2 prints; VGG-19, on which model A is based, has 512.
        width: factor of all channel numbers, > 0.
        out_indices, frozen_stages, init_cfg: see :class:`StagedBackbone`. He initialisation is the paper's own. The
            pools round up, as Caffe's, with which the paper worked: of use only where a side isn't a multiple of 16.

    Raises:
        ValueError: settings outside these ranges; in the forward pass, an image with a side below 16 pixels.
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

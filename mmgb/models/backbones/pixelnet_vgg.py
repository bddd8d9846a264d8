"""PixelNet's backbone: VGG-16 with its first two fully connected layers as convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import scaled

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
FC6_KERNEL = 7
NUM_MAPS = 6
FC7 = 5  # index of fc7 among the maps


@MODELS.register_module()
class PixelNetVGG(BaseModule):
    """VGG-16 with the six outputs that PixelNet reads (Bansal et al., arXiv:1702.06506, and the released network).

    The image is zero-padded so that fc6, an unpadded 7x7 convolution at stride 32, covers all of it. Max-pools round
    up: 224 + 2 * 100 = 424 pixels give 212, 106, 53, 27 and 14 cells, and fc7 has 8.

    Maps, all after ReLU and for the padded image (channels are multiplied by ``width``):

    ===== ======= ====== ========
    index layer   stride channels
    ===== ======= ====== ========
    0     conv1_2      1       64
    1     conv2_2      2      128
    2     conv3_3      4      256
    3     conv4_3      8      512
    4     conv5_3     16      512
    5     fc7         32     4096
    ===== ======= ====== ========

    Submodules have torchvision's names. ``init_cfg=dict(type='Pretrained', checkpoint='torchvision://vgg16')``, or a
    file with such weights, fills every layer including fc6 and fc7.

    Args:
        width: factor applied to all channel numbers, > 0. 1 is the paper's network.
        fc_channels: number of channels of fc6 and fc7, before ``width`` is applied.
        padding: number of zero pixels on each side of the image, >= 0.
        dropout_ratio: dropout probability of fc6's and fc7's outputs.
        norm_cfg: config of a normalization after each 3x3 convolution, for training from scratch. Convolutions keep
            their biases: with ``dict(type='BN')``, parameters have the names and shapes of torchvision's ``vgg16_bn``.
            None, as in the paper: no normalization.
        out_indices: indices of the returned maps, 0 to 5 in rising order. Layers above the last one are not built.
            Without index 5 (fc7) the network accepts small images, for example as a classifier's backbone.
        init_cfg: initialization config. None: He initialization (fan-in) and zero biases.

    Attributes:
        out_channels (tuple[int, ...]): number of channels of each returned map.

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if the padded image is too small for
            fc6's kernel.
    """

    def __init__(
        self,
        width: float = 1.0,
        fc_channels: int = 4096,
        padding: int = 100,
        dropout_ratio: float = 0.5,
        norm_cfg: dict | None = None,
        out_indices: Sequence[int] = (0, 1, 2, 3, 4, 5),
        init_cfg: dict | list | None = None,
    ) -> None:
        if padding < 0:
            raise ConfigError(f'padding={padding!r}: expected a number of pixels, at least 0')
        if not out_indices or list(out_indices) != sorted(set(out_indices) & set(range(NUM_MAPS))):
            raise ConfigError(f'out_indices={out_indices!r}: expected one or more of 0 to 5 in rising order')
        super().__init__(init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0))
        self.padding = padding
        self.out_indices = tuple(out_indices)
        stages = [[scaled(channels, width) for channels in stage] for stage in STAGES]
        fc_channels = scaled(fc_channels, width)
        channels_of_maps = [stage[-1] for stage in stages] + [fc_channels]
        self.out_channels = tuple(channels_of_maps[index] for index in out_indices)

        layers, self.taps = [], []
        in_channels = 3
        for stage in stages[: self.out_indices[-1] + 1]:
            for channels in stage:
                layers.append(nn.Conv2d(in_channels, channels, 3, padding=1))
                if norm_cfg is not None:
                    layers.append(build_norm_layer(norm_cfg, channels)[1])
                layers.append(nn.ReLU(inplace=True))
                in_channels = channels
            self.taps.append(len(layers) - 1)
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.classifier = (
            nn.Sequential(
                nn.Conv2d(in_channels, fc_channels, FC6_KERNEL),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout_ratio),
                nn.Conv2d(fc_channels, fc_channels, 1),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout_ratio),
            )
            if FC7 in out_indices
            else None
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the maps ``out_indices`` of images (N, 3, H, W) after padding; see the table above."""
        x = F.pad(image, (self.padding,) * 4)
        maps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                maps.append(x)
        if self.classifier is not None:
            if min(x.shape[2:]) < FC6_KERNEL:
                raise ConfigError(
                    f'padding={self.padding}: expected at least {FC6_KERNEL}x{FC6_KERNEL} cells for fc6, got '
                    f'{x.shape[2]}x{x.shape[3]} from an image of {image.shape[2]}x{image.shape[3]} pixels; use larger '
                    'images or more padding'
                )
            maps.append(self.classifier(x))
        return tuple(maps[index] for index in self.out_indices)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Reshape torchvision's fully connected weights (out, C * h * w) to convolutions (out, C, h, w), and load."""
        convolutions = () if self.classifier is None else self.classifier.named_parameters(f'{prefix}classifier')
        for name, parameter in convolutions:
            loaded = state_dict.get(name)
            if loaded is not None and loaded.dim() == 2 and loaded.numel() == parameter.numel():
                state_dict[name] = loaded.view_as(parameter)
        super()._load_from_state_dict(state_dict, prefix, *args)

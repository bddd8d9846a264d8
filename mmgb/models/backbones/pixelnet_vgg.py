"""PixelNet's feature extractor: VGG-16 with its first two fully connected layers as convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
FC6_KERNEL = 7
FC7 = 5  # its index among the maps


@MODELS.register_module()
class PixelNetVGG(BaseModule):
    """VGG-16 as PixelNet taps it (Bansal et al., arXiv:1702.06506, and its released network).

    The image stands in a zero frame, so that fc6, an unpadded 7x7 convolution at stride 32, is defined over all of
    it; the poolings round up (224 + 2*100 = 424 pixels give 212, 106, 53, 27, 14 cells, and fc7 8). Submodules carry
    torchvision's names: ``init_cfg=dict(type='Pretrained', checkpoint='torchvision://vgg16')`` (or a file of such
    weights) fills every layer, fc6 and fc7 included.

    Args:
        width: factor of all channel numbers, > 0; 1 is the paper's, less is for small machines.
        fc_channels: of fc6 and fc7, before that factor.
        padding: zero pixels around the image, >= 0.
        dropout_ratio: of fc6's and fc7's outputs.
        norm_cfg: a normalisation after each 3x3 convolution, for training from scratch; the paper's network has none.
            With ``dict(type='BN')`` the names are those of torchvision's ``vgg16_bn``.
        out_indices: the maps to return, rising, of 0 to 5. What lies behind the last of them isn't built; without 5,
            which is fc7, the network takes small images too, as a classifier's backbone for example.
        init_cfg: by default He initialisation (fan-in) and zero biases.

    Returns (of ``forward``):
        The maps of ``out_indices`` after ReLU, of the padded image: conv1_2, conv2_2, conv3_3, conv4_3, conv5_3 and
        fc7 (after its dropout), with strides 1, 2, 4, 8, 16, 32 and 64, 128, 256, 512, 512, 4096 channels times
        ``width``.

    Raises:
        ValueError: settings outside these ranges; an image too small for fc6's kernel.
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
        if not width > 0:
            raise ConfigError(f'width={width!r}: expected a positive number')
        if padding < 0:
            raise ConfigError(f'padding={padding!r}: expected a number of pixels >= 0')
        if not out_indices or list(out_indices) != sorted(set(out_indices) & set(range(6))):
            raise ConfigError(f'out_indices={out_indices!r}: expected some of 0 to 5, in rising order')
        super().__init__(init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0))
        self.padding = padding
        self.out_indices = tuple(out_indices)
        stages = [[max(1, int(channels * width)) for channels in stage] for stage in STAGES]
        fc_channels = max(1, int(fc_channels * width))
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
        x = F.pad(image, (self.padding,) * 4)
        maps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                maps.append(x)
        if self.classifier is not None:
            if min(x.shape[2:]) < FC6_KERNEL:
                raise ConfigError(
                    f'an image of {image.shape[2]}x{image.shape[3]} pixels with padding={self.padding} leaves '
                    f'{x.shape[2]}x{x.shape[3]} cells for fc6, whose kernel needs {FC6_KERNEL}x{FC6_KERNEL}: '
                    'use a larger image or more padding'
                )
            maps.append(self.classifier(x))
        return tuple(maps[index] for index in self.out_indices)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Read torchvision's fully connected weights as the convolutions they are: (out, C*h*w) to (out, C, h, w)."""
        convolutions = () if self.classifier is None else self.classifier.named_parameters(f'{prefix}classifier')
        for name, parameter in convolutions:
            loaded = state_dict.get(name)
            if loaded is not None and loaded.dim() == 2 and loaded.numel() == parameter.numel():
                state_dict[name] = loaded.view_as(parameter)
        super()._load_from_state_dict(state_dict, prefix, *args)

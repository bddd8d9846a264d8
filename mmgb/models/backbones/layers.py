"""What the papers' networks repeat: a convolution or fully connected layer, normalisation if any, and activation."""

from __future__ import annotations

import math

from mmcv.cnn import build_norm_layer
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

BATCH_NORM = dict(type='BN')


def scaled(channels: int, width: float) -> int:
    """``channels`` times the factor ``width``, rounded down, at least 1."""
    if not isinstance(width, (int, float)) or not 0 < width < math.inf:
        raise ConfigError(f'width={width!r}: expected a positive number')
    return max(1, int(channels * width))


def conv_layers(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    norm_cfg: dict | None = None,
    stride: int = 1,
    padding: int | None = None,
) -> list[nn.Module]:
    """A convolution and ReLU, between them the normalisation, which makes the convolution's bias needless.

    ``padding=None`` is half the kernel: with stride 1 the map keeps its size.
    """
    padding = kernel_size // 2 if padding is None else padding
    layers = [nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=norm_cfg is None)]
    if norm_cfg is not None:
        layers.append(build_norm_layer(norm_cfg, out_channels)[1])
    return [*layers, nn.ReLU(inplace=True)]


def linear_layers(
    in_features: int, out_features: int, norm_cfg: dict | None = None, act_cfg: dict | None = None
) -> list[nn.Module]:
    """A fully connected layer, normalisation instead of its bias if there is a ``norm_cfg``, activation likewise.

    ``dict(type='BN')``, which is the batch norm of feature maps, becomes that of vectors.
    """
    layers: list[nn.Module] = [nn.Linear(in_features, out_features, bias=norm_cfg is None)]
    if norm_cfg is not None:
        norm_cfg = dict(norm_cfg, type='BN1d') if norm_cfg['type'] == 'BN' else norm_cfg
        layers.append(build_norm_layer(norm_cfg, out_features)[1])
    if act_cfg is not None:
        layers.append(MODELS.build(act_cfg))
    return layers

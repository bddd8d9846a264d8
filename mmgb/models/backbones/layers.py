"""Layer groups shared by the backbones: a convolution or fully connected layer, normalization and activation."""

from __future__ import annotations

import math

from mmcv.cnn import build_norm_layer
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

BATCH_NORM = dict(type='BN')


def scaled(channels: int, width: float) -> int:
    """Return ``channels * width``, rounded down and at least 1.

    Raises:
        ConfigError: if ``width`` is not a positive, finite number.
    """
    if not isinstance(width, (int, float)) or not 0 < width < math.inf:
        raise ConfigError(f'width={width!r}: expected a positive, finite number')
    return max(1, int(channels * width))


def conv_layers(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    norm_cfg: dict | None = None,
    stride: int = 1,
    padding: int | None = None,
) -> list[nn.Module]:
    """Return a convolution, its normalization if any, and a ReLU.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the square kernel, in cells.
        norm_cfg: config of the normalization layer, which replaces the convolution's bias. None: no normalization.
        stride: stride of the convolution.
        padding: zero cells on each side. None: half the kernel, which keeps the map's size at stride 1.
    """
    padding = kernel_size // 2 if padding is None else padding
    layers = [nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=norm_cfg is None)]
    if norm_cfg is not None:
        layers.append(build_norm_layer(norm_cfg, out_channels)[1])
    return [*layers, nn.ReLU(inplace=True)]


def linear_layers(
    in_features: int, out_features: int, norm_cfg: dict | None = None, act_cfg: dict | None = None
) -> list[nn.Module]:
    """Return a fully connected layer, its normalization and its activation, if any.

    Args:
        in_features: number of inputs.
        out_features: number of units.
        norm_cfg: config of the normalization layer, which replaces the bias; see :func:`norm_of_vectors`. None: no
            normalization.
        act_cfg: config of the activation. None: no activation.
    """
    layers: list[nn.Module] = [nn.Linear(in_features, out_features, bias=norm_cfg is None)]
    if norm_cfg is not None:
        layers.append(norm_of_vectors(norm_cfg, out_features))
    if act_cfg is not None:
        layers.append(MODELS.build(act_cfg))
    return layers


def norm_of_vectors(norm_cfg: dict, features: int) -> nn.Module:
    """Build the normalization of vectors. ``dict(type='BN')``, that of feature maps, becomes ``BN1d``."""
    return build_norm_layer(dict(norm_cfg, type='BN1d') if norm_cfg['type'] == 'BN' else norm_cfg, features)[1]

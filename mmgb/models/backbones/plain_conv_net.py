"""Plain chain of convolutions, the network of the study of Relay Backpropagation on CIFAR-10."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import conv_layers
from .staged_backbone import StagedBackbone


@MODELS.register_module()
class PlainConvNet(StagedBackbone):
    """A chain of 3x3 convolutions with ReLU, without shortcuts. Each convolution is one stage.

    Any layer can be the source or the lowest module of a range of :class:`mmgb.models.RelayBP`::

        backbone=dict(type='mmgb.PlainConvNet', channels=(16, 16, 32, 32), strides=(2, 1, 2, 1)),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='LinearClsHead', num_classes=10, in_channels=32)       # five layers with weights

    Args:
        channels: number of output channels of each convolution, at least 1 each.
        strides: stride of each convolution, at least 1 each; as many as ``channels``.
        norm_cfg: config of the normalization after each convolution, such as ``dict(type='BN')``. It replaces the
            biases. None: no normalization.
        out_indices: indices of the returned stages, see :class:`StagedBackbone`.
        frozen_stages: number of frozen stages, see :class:`StagedBackbone`.
        init_cfg: initialization config, see :class:`StagedBackbone`.

    Raises:
        ConfigError: if an argument is outside its range.
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        norm_cfg: dict | None = None,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        for name, values in dict(channels=channels, strides=strides).items():
            if not values or not all(isinstance(value, int) and value >= 1 for value in values):
                raise ConfigError(f'{name}={values!r}: expected one or more integers of at least 1')
        if len(strides) != len(channels):
            raise ConfigError(f'strides={strides!r}: expected {len(channels)} strides, one for each of channels')
        stages, before = [], self.in_channels
        for after, stride in zip(channels, strides):
            stages.append(nn.Sequential(*conv_layers(before, after, 3, norm_cfg, stride)))
            before = after
        super().__init__(stages, channels, 1, out_indices, frozen_stages, init_cfg)

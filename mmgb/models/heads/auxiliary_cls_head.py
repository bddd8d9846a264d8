"""Auxiliary classifier of Relay Backpropagation, a head of mmpretrain."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmpretrain.models.heads import ClsHead
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from ..backbones.layers import norm_of_vectors

DEFAULT_INIT = (
    dict(type='Kaiming', layer=['Conv2d', 'Linear'], mode='fan_in'),
    dict(type='Constant', layer='_BatchNorm', val=1),
)


def average_pool_to(features: Tensor, cells: int) -> Tensor:
    """Average-pool a feature map to ``cells`` x ``cells`` with windows of equal size.

    Stride ``s = H // cells`` and window ``H - (cells - 1) * s`` cover the whole height; the width is treated the same
    way. Unlike adaptive pooling, all windows have the same size and the gradient is deterministic on a GPU.

    Args:
        features: feature map (N, C, H, W) with H and W at least ``cells``.
        cells: number of output cells per side.

    Returns:
        Pooled map (N, C, cells, cells).
    """
    strides = [side // cells for side in features.shape[2:]]
    windows = [side - (cells - 1) * stride for side, stride in zip(features.shape[2:], strides)]
    return F.avg_pool2d(features, windows, strides)


@MODELS.register_module()
class AuxiliaryClsHead(ClsHead):
    """Classifier on the feature map of an intermediate layer.

    Layers: average pooling, 1x1 convolution, fully connected hidden layer, dropout, fully connected output layer. ReLU
    follows the convolution and the hidden layer. ``kernel_size=3`` makes the convolution see neighboring cells.

    The paper (*Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*) doesn't specify the
    layers of its "auxiliary classifier". mmgb uses the branch of GoogLeNet (Szegedy et al., arXiv:1409.4842,
    Section 5), one of the two networks that the paper cites for training with several losses. With the defaults and
    the 14x14 maps of a 224x224 image, this is GoogLeNet's branch: 5x5 windows at stride 3, 128 1x1 filters, 1,024
    hidden units and 70 % dropout. Maps of any other size are pooled to the same number of cells, so one head serves
    every image size. He initialization is the paper's.

    With ``pooled_size=5``, ``fc_channels=768``, ``dropout_ratio=0.0`` and batch norm on both layers it is the auxiliary
    classifier of Inception-v3 (Szegedy et al., arXiv:1512.00567, Section 4): on a 17x17 map its hidden layer equals
    their 5x5 convolution without padding.

    Args:
        num_classes: number of classes, at least 1.
        in_channels: number of channels of the feature map, at least 1.
        pooled_size: number of cells per side after pooling, at least 1 and at most the map's smaller side.
        conv_channels: number of filters of the 1x1 convolution, at least 1.
        fc_channels: number of units of the hidden fully connected layer, at least 1.
        dropout_ratio: dropout probability of the hidden units, in [0, 1).
        norm_cfg: config of the normalization after the convolution, which replaces its bias. None: no normalization.
        init_cfg: initialization config. None: Gaussian weights of variance 2 / fan-in and zero biases.
        hidden_norm_cfg: config of the normalization after the hidden layer, which replaces its bias. ``BN`` becomes
            ``BN1d``. None: no normalization.
        kernel_size: side of the convolution's kernel, in cells of the pooled map: an odd number. Zero-padded, so that
            the map keeps its size.
        **kwargs: arguments of mmpretrain's ``ClsHead`` (``loss``, ``topk``, ``cal_acc``).

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if the features don't match
            ``in_channels`` or have fewer cells than ``pooled_size``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        pooled_size: int = 4,
        conv_channels: int = 128,
        fc_channels: int = 1024,
        dropout_ratio: float = 0.7,
        norm_cfg: dict | None = None,
        init_cfg: dict | list | None = None,
        hidden_norm_cfg: dict | None = None,
        kernel_size: int = 1,
        **kwargs,
    ) -> None:
        sizes = dict(
            num_classes=num_classes,
            in_channels=in_channels,
            pooled_size=pooled_size,
            conv_channels=conv_channels,
            fc_channels=fc_channels,
        )
        for name, value in sizes.items():
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f'{name}={value!r}: expected an integer of at least 1')
        if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
            raise ConfigError(f'kernel_size={kernel_size!r}: expected an odd integer of at least 1')
        if not 0 <= dropout_ratio < 1:
            raise ConfigError(f'dropout_ratio={dropout_ratio!r}: expected a number in [0, 1)')
        super().__init__(init_cfg=init_cfg or list(DEFAULT_INIT), **kwargs)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.pooled_size = pooled_size
        # Not mmcv's ConvModule, whose init_weights would override init_cfg.
        self.conv = nn.Conv2d(in_channels, conv_channels, kernel_size, padding=kernel_size // 2, bias=norm_cfg is None)
        self.norm = nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, conv_channels)[1]
        self.hidden = nn.Linear(conv_channels * pooled_size**2, fc_channels, bias=hidden_norm_cfg is None)
        self.hidden_norm = nn.Identity() if hidden_norm_cfg is None else norm_of_vectors(hidden_norm_cfg, fc_channels)
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc = nn.Linear(fc_channels, num_classes)

    def pre_logits(self, feats: Tensor | Sequence[Tensor]) -> Tensor:
        """Return the hidden units after dropout.

        Args:
            feats: feature map (N, in_channels, H, W), or a sequence of maps of which the last one is used.

        Returns:
            Hidden units (N, fc_channels).
        """
        features = feats if isinstance(feats, Tensor) else feats[-1]
        self._check(features)
        pooled = F.relu(self.norm(self.conv(average_pool_to(features, self.pooled_size))))
        return self.dropout(F.relu(self.hidden_norm(self.hidden(pooled.flatten(1)))))

    def forward(self, feats: Tensor | Sequence[Tensor]) -> Tensor:
        """Return the scores (N, num_classes) of the features that :meth:`pre_logits` accepts."""
        return self.fc(self.pre_logits(feats))

    def _check(self, features: Tensor) -> None:
        shape = tuple(features.shape)
        if len(shape) != 4:
            raise ConfigError(f'AuxiliaryClsHead: expected a feature map (N, C, H, W) from its source, got {shape}')
        if shape[1] != self.in_channels:
            raise ConfigError(
                f'in_channels={self.in_channels}: expected a feature map with {self.in_channels} channels, got {shape}'
            )
        if min(shape[2:]) < self.pooled_size:
            raise ConfigError(
                f'pooled_size={self.pooled_size}: expected a feature map of at least '
                f'{self.pooled_size}x{self.pooled_size} cells, got {shape}; set pooled_size to at most '
                f'{min(shape[2:])} or use larger images'
            )

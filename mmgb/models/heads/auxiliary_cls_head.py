"""The auxiliary classifier of Relay Backpropagation, as a head of mmpretrain."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmpretrain.models.heads import ClsHead
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

DEFAULT_INIT = (
    dict(type='Kaiming', layer=['Conv2d', 'Linear'], mode='fan_in'),
    dict(type='Constant', layer='_BatchNorm', val=1),
)


def average_pool_to(features: Tensor, cells: int) -> Tensor:
    """Averages (N, C, H, W) over equal windows, so that (N, C, cells, cells) remain.

    Stride ``s = H // cells`` and window ``H - (cells - 1) * s`` cover the map without a remainder, its width likewise.
    Unlike adaptive pooling the windows are of one size, and the gradient is deterministic on a GPU too.
    """
    strides = [side // cells for side in features.shape[2:]]
    windows = [side - (cells - 1) * stride for side, stride in zip(features.shape[2:], strides)]
    return F.avg_pool2d(features, windows, strides)


@MODELS.register_module()
class AuxiliaryClsHead(ClsHead):
    """A classifier on the feature map of an intermediate layer: average pooling, 1x1 convolution, two fully connected
    layers, dropout between them.

    The paper (*Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*) doesn't say which
    layers its "auxiliary classifier" has. Chosen is the branch of GoogLeNet (Szegedy et al., arXiv:1409.4842,
    Section 5), one of the two networks that the paper names for training with several losses: with the defaults, and
    on the 14x14 maps of a 224x224 image, pooling is its 5x5 windows at stride 3, followed by 128 filters of 1x1 and
    1,024 units, each with ReLU, and 70 % dropout. A map of any other size is pooled to as many cells, so that one head
    serves every image size. The weights start by He et al.'s rule, as the paper's do.

    Args:
        num_classes: as in every head.
        in_channels: channels of the feature map.
        pooled_size: cells a side after pooling. The map must have at least as many.
        conv_channels: filters of the 1x1 convolution.
        fc_channels: units of the hidden fully connected layer.
        dropout_ratio: of the hidden units, from 0 to less than 1.
        norm_cfg: normalisation after the convolution, for a network that has it everywhere. None: a bias instead.
        init_cfg: by default Gaussian weights of variance 2 / fan-in and zero biases.
        others: see mmpretrain's ``ClsHead`` (``loss``, ``topk``, ``cal_acc``).

    Raises:
        ValueError: a size below 1 or a ``dropout_ratio`` outside [0, 1); in the forward pass, features which
            ``in_channels`` or ``pooled_size`` don't fit.
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
                raise ConfigError(f'{name}={value!r}: expected a whole number of at least 1')
        if not 0 <= dropout_ratio < 1:
            raise ConfigError(f'dropout_ratio={dropout_ratio!r}: expected a number from 0 to less than 1')
        super().__init__(init_cfg=init_cfg or list(DEFAULT_INIT), **kwargs)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.pooled_size = pooled_size
        # Not mmcv's ConvModule: its own init_weights would overrule init_cfg.
        self.conv = nn.Conv2d(in_channels, conv_channels, 1, bias=norm_cfg is None)
        self.norm = nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, conv_channels)[1]
        self.hidden = nn.Linear(conv_channels * pooled_size**2, fc_channels)
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc = nn.Linear(fc_channels, num_classes)

    def pre_logits(self, feats: Tensor | Sequence[Tensor]) -> Tensor:
        """The hidden units (N, fc_channels) of a feature map (N, in_channels, H, W), or of the last of several."""
        features = feats if isinstance(feats, Tensor) else feats[-1]
        self._check(features)
        pooled = F.relu(self.norm(self.conv(average_pool_to(features, self.pooled_size))))
        return self.dropout(F.relu(self.hidden(pooled.flatten(1))))

    def forward(self, feats: Tensor | Sequence[Tensor]) -> Tensor:
        """Scores (N, num_classes) of what :meth:`pre_logits` takes."""
        return self.fc(self.pre_logits(feats))

    def _check(self, features: Tensor) -> None:
        shape = tuple(features.shape)
        if len(shape) != 4:
            raise ConfigError(f'AuxiliaryClsHead needs a feature map (N, C, H, W), but its source gives {shape}')
        if shape[1] != self.in_channels:
            raise ConfigError(f'in_channels={self.in_channels}: the feature map {shape} has {shape[1]} channels')
        if min(shape[2:]) < self.pooled_size:
            raise ConfigError(
                f'pooled_size={self.pooled_size}: the feature map {shape} has only {shape[2]}x{shape[3]} '
                f'cells; expected a pooled_size of at most {min(shape[2:])}, or larger images'
            )

"""Spatial pyramid pooling and the hidden fully connected layers behind it, as a neck of mmpretrain."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.spatial_pyramid import BINS, WINDOW, adaptive_pyramid_pool, pyramid_kernels, spatial_pyramid_pool
from mmgb.registry import MODELS

POOLINGS = ('windows', 'adaptive')


@MODELS.register_module()
class SpatialPyramidPooling(BaseModule):
    """What lies between the last feature map and the output layer of the Relay paper's models A and B (Table 2).

    Pyramid {7, 3, 2, 1}, then twice a fully connected layer of 4,096 units with ReLU and dropout. The output layer is
    the head's (``LinearClsHead`` of mmpretrain, mmgb's ``BoostedLinearClsHead``).

    The fully connected layers stand here rather than in the head for the paper's fully-convolutional test, which
    applies everything behind the feature map to each 14x14 window of a larger one and averages the scores. Averaged
    is what this neck gives. A linear output layer makes of it the average of the windows' linear scores, exactly; no
    head needs to know, and a softmax comes after the average over positions, and before the one over scales.

    Args:
        in_channels: of the feature map.
        fc_channels: units of each fully connected layer. Empty: the pyramid alone.
        bins: a side, of each level of the pyramid, in the order of the values. ``(7,)`` is the last pool of VGG.
        window: cells a side, 14 for a 224x224 image. Unused by 'adaptive'.
        pooling: 'windows': the released rule, for every window of the map. 'adaptive': for the whole map at once,
            into bins that grow with it; other bins than the released ones for a single window too, see
            :mod:`mmgb.functional.spatial_pyramid`.
        dropout_ratio: of the fully connected layers' outputs, from 0 to less than 1.
        init_cfg: by default He et al.'s rule (fan-in) and zero biases, as in the paper.

    Returns (of ``forward``):
        A tuple of one tensor (N, ``out_channels``), of a feature map (N, in_channels, H, W) or of the last of several.

    Raises:
        ValueError: settings outside these ranges; in the forward pass, a map of other channels or too few cells.
    """

    def __init__(
        self,
        in_channels: int,
        fc_channels: Sequence[int] = (4096, 4096),
        bins: Sequence[int] = BINS,
        window: int = WINDOW,
        pooling: str = 'windows',
        dropout_ratio: float = 0.5,
        init_cfg: dict | list | None = None,
    ) -> None:
        if pooling not in POOLINGS:
            raise ConfigError(f"pooling={pooling!r}: expected 'windows' or 'adaptive'")
        if not 0 <= dropout_ratio < 1:
            raise ConfigError(f'dropout_ratio={dropout_ratio!r}: expected a number from 0 to less than 1')
        if pooling == 'windows':
            pyramid_kernels(bins, window)
        super().__init__(init_cfg or dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0))
        self.in_channels = in_channels
        self.bins = tuple(bins)
        self.window = window
        self.pooling = pooling
        values = [in_channels * sum(number**2 for number in bins), *fc_channels]
        self.out_channels = values[-1]
        layers = []
        for before, after in zip(values, values[1:]):
            layers += [nn.Linear(before, after), nn.ReLU(inplace=True), nn.Dropout(dropout_ratio)]
        self.fc = nn.Sequential(*layers)

    def forward(self, feats: Tensor | Sequence[Tensor]) -> tuple[Tensor]:
        features = feats if isinstance(feats, Tensor) else feats[-1]
        if features.dim() != 4 or features.shape[1] != self.in_channels:
            raise ConfigError(
                f'SpatialPyramidPooling(in_channels={self.in_channels}) needs a feature map '
                f'(N, {self.in_channels}, H, W), got {tuple(features.shape)}'
            )
        if self.pooling == 'adaptive':
            return (self.fc(adaptive_pyramid_pool(features, self.bins)),)
        return (self.fc(spatial_pyramid_pool(features, self.bins, self.window)).mean(1),)

"""Spatial pyramid pooling and the hidden fully connected layers above it, as a neck of mmpretrain."""

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
    """Layers between the last feature map and the output layer of the Relay paper's models A and B (Table 2).

    The neck has a pyramid {7, 3, 2, 1} and two fully connected layers of 4,096 units, each followed by ReLU and
    dropout. The head holds the output layer: mmpretrain's ``LinearClsHead`` or mmgb's ``BoostedLinearClsHead``.

    The paper's fully-convolutional test applies all layers above the feature map to each 14x14 window of a larger map
    and averages the scores. This neck contains the hidden layers so that it can return their outputs averaged over the
    windows. The head's output layer is linear, so its scores are exactly the average of the windows' linear scores.
    Softmax therefore follows the average over positions and precedes the average over scales.

    Args:
        in_channels: number of channels of the feature map.
        fc_channels: number of units of each fully connected layer. Empty: the pyramid only.
        bins: bins per side of each pyramid level, in the order of the output values. ``(7,)`` is VGG's last max-pool.
        window: side of a window in cells; 14 for a 224x224 image. Unused if ``pooling='adaptive'``.
        pooling: 'windows' pools each window by the rule of the released network. 'adaptive' pools the whole map into
            bins that grow with it; its bins differ even for a single window, see
            :mod:`mmgb.functional.spatial_pyramid`.
        dropout_ratio: dropout probability of the fully connected layers' outputs, in [0, 1).
        init_cfg: initialization config. None, as in the paper: He initialization (fan-in) and zero biases.

    Attributes:
        out_channels (int): number of output values of each image.

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if the map has another number of channels
            or is smaller than the window.
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
            raise ConfigError(f'dropout_ratio={dropout_ratio!r}: expected a number in [0, 1)')
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
        """Return the output values as a tuple of one tensor (N, out_channels).

        Args:
            feats: feature map (N, in_channels, H, W), or a sequence of maps of which the last one is used.
        """
        features = feats if isinstance(feats, Tensor) else feats[-1]
        if features.dim() != 4 or features.shape[1] != self.in_channels:
            raise ConfigError(
                f'in_channels={self.in_channels}: expected a feature map (N, {self.in_channels}, H, W), got '
                f'{tuple(features.shape)}'
            )
        if self.pooling == 'adaptive':
            return (self.fc(adaptive_pyramid_pool(features, self.bins)),)
        return (self.fc(spatial_pyramid_pool(features, self.bins, self.window)).mean(1),)

"""PixelNet's colour augmentation: a random gain for each channel."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomChannelGain(BaseTransform):
    """Multiply each channel of ``results['img']`` by a gain drawn from ``U[low, high]``.

    As in PixelNet's release, whose gain is U[0.8, 1.3], values aren't clipped. The image becomes float32.

    Args:
        low (float): smallest gain, positive. Default: 0.8.
        high (float): largest gain, at least ``low``. Default: 1.3.

    Raises:
        ValueError: unless ``0 < low <= high``.
    """

    def __init__(self, low: float = 0.8, high: float = 1.3) -> None:
        if not 0 < low <= high:
            raise ConfigError(f'low={low}, high={high}: expected 0 < low <= high')
        self.low = low
        self.high = high

    @cache_randomness
    def draw_gain(self, channels: int) -> np.ndarray:
        """Draw the gains, (channels,) float32."""
        return np.random.uniform(self.low, self.high, channels).astype(np.float32)

    def transform(self, results: dict) -> dict:
        image = results['img']
        channels = image.shape[2] if image.ndim == 3 else 1  # MNIST's images are (h, w)
        results['img'] = image.astype(np.float32) * self.draw_gain(channels)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(low={self.low}, high={self.high})'

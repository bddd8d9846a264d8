"""PixelNet's colour augmentation: a random gain for each channel."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomChannelGain(BaseTransform):
    """Multiply each channel of ``results['img']`` by its own number drawn from ``U[low, high]``.

    As in PixelNet's release (its gain is U[0.8, 1.3]) values aren't clipped; the image becomes float32.

    Args:
        low, high: of the gain, ``0 < low <= high``.

    Raises:
        ValueError: if they aren't in that order.
    """

    def __init__(self, low: float = 0.8, high: float = 1.3) -> None:
        if not 0 < low <= high:
            raise ConfigError(f'low={low}, high={high}: expected 0 < low <= high')
        self.low = low
        self.high = high

    @cache_randomness
    def draw_gain(self, channels: int) -> np.ndarray:
        return np.random.uniform(self.low, self.high, channels).astype(np.float32)

    def transform(self, results: dict) -> dict:
        results['img'] = results['img'].astype(np.float32) * self.draw_gain(results['img'].shape[2])
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(low={self.low}, high={self.high})'

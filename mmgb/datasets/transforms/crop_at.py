"""Crops at fixed places, of which multi-crop tests consist."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


def crop_at(image: np.ndarray, size: int, place: tuple[float, float]) -> np.ndarray:
    """Cut a square out of an image.

    Args:
        image: (H, W, C) or (H, W), with H and W at least ``size``.
        size: side of the square in pixels.
        place: place of the square on the way from the top edge to the bottom edge, and from the left edge to the right
            edge, in [0, 1]; (0.5, 0.5) is the centre. Halves of a pixel are rounded down.

    Returns:
        (size, size, C) or (size, size), a view of the image.
    """
    top, left = (int((length - size) * share) for length, share in zip(image.shape[:2], place))
    return image[top : top + size, left : left + size]


@TRANSFORMS.register_module()
class CropAt(BaseTransform):
    """Crop ``results['img']`` to a square at a fixed place; see :func:`crop_at`.

    In ``TestTimeAug`` it builds multi-crop tests: the corners and the centre of an image (ten crops with their mirror
    images), or the squares at both ends and in the middle of its longer side (GoogLeNet, arXiv:1409.4842, Section 7).

    Args:
        crop_size: side of the square in pixels, at least 1. None: the shorter side of the image.
        place: place of the square from top to bottom and from left to right, each in [0, 1]. Default: the centre.

    Raises:
        ConfigError: if an argument is outside its range; in a pipeline, if an image is smaller than the square.
    """

    def __init__(self, crop_size: int | None = None, place: tuple[float, float] = (0.5, 0.5)) -> None:
        if crop_size is not None and (not isinstance(crop_size, int) or crop_size < 1):
            raise ConfigError(f'crop_size={crop_size!r}: expected an integer of at least 1, or None')
        if len(place) != 2 or not all(0 <= share <= 1 for share in place):
            raise ConfigError(f'place={place!r}: expected two numbers in [0, 1]')
        self.crop_size = crop_size
        self.place = tuple(place)

    def transform(self, results: dict) -> dict:
        image = results['img']
        shorter = min(image.shape[:2])
        size = shorter if self.crop_size is None else self.crop_size
        if size > shorter:
            raise ConfigError(
                f'crop_size={size}: expected at most the shorter side of the image, got {image.shape[0]}x'
                f'{image.shape[1]} pixels; resize it before the crop'
            )
        results['img'] = crop_at(image, size, self.place)
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(crop_size={self.crop_size}, place={self.place})'

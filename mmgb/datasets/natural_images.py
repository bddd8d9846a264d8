"""Made images with the statistics of natural ones, and patterns by which a network can tell their classes apart.

The amplitude of a natural image's spectrum falls as 1/f (Field 1987), and its colours vary mainly in brightness. A
texture here has this spectrum, and its three components are weighted and rotated by the principal components of
ImageNet's colours (Krizhevsky et al. 2012, Section 4.1). Pixels are in 0...255 with ImageNet's mean and variance: 65 %
of the variance is within an image, the texture's, and 35 % between images, the pattern's.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)  # R, G, B
DEVIATIONS = 255 * np.sqrt(np.array([0.2175, 0.0188, 0.0045], dtype=np.float32))
COMPONENTS = np.array(  # a column per principal component; rows R, G, B
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]], dtype=np.float32
)
WITHIN = 0.65  # share of the variance within an image


def textures(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """Draw periodic textures with a spectrum of 1/f.

    Args:
        rng (np.random.Generator): the only source of randomness.
        count (int): number of textures.
        height (int): height in pixels.
        width (int): width in pixels.

    Returns:
        (count, height, width) float32, each with mean 0 and variance 1.
    """
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = np.inf
    noise = rng.standard_normal((count, height, width), dtype=np.float32)
    texture = np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=(height, width)).astype(np.float32)
    return texture / texture.std(axis=(1, 2), keepdims=True)


def patterns(rng: np.random.Generator, count: int, height: int, width: int, cells: int) -> np.ndarray:
    """Draw smooth patterns: normally distributed values in a grid of few cells, interpolated.

    Args:
        rng (np.random.Generator): the only source of randomness.
        count (int): number of patterns.
        height (int): height in pixels.
        width (int): width in pixels.
        cells (int): cells in each direction; 1 for constant patterns.

    Returns:
        (count, height, width) float32.
    """
    values = rng.standard_normal((count, cells, cells), dtype=np.float32)
    size = (width, height)
    return np.stack([np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BICUBIC)) for each in values])


def colour(texture: np.ndarray, pattern: np.ndarray, channels: int = 3) -> np.ndarray:
    """Return the image of a texture and a pattern.

    Args:
        texture (np.ndarray): (3, H, W) independent textures, one per principal component of the colours.
        pattern (np.ndarray): (3, H, W) patterns, likewise.
        channels (int): 3 for an RGB image, 1 for its mean brightness. Default: 3.

    Returns:
        (H, W, 3) or (H, W) uint8.
    """
    components = DEVIATIONS[:, None, None] * (WITHIN**0.5 * texture + (1 - WITHIN) ** 0.5 * pattern)
    image = MEAN + np.tensordot(components, COMPONENTS, axes=(0, 1))
    image = image.clip(0, 255).astype(np.uint8)
    return image if channels == 3 else image.mean(axis=2).astype(np.uint8)

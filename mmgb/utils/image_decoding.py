"""Decode image files as training does, and say why a file can't be decoded."""

from __future__ import annotations

import io
from pathlib import Path

import mmcv
import numpy as np
from PIL import Image

from mmgb.functional.errors import ConfigError


def decode_as_in_training(content: bytes) -> np.ndarray:
    """Decode an image as mmcv's ``LoadImageFromFile`` does by default: 8 bits per channel, rotated as EXIF says.

    Args:
        content (bytes): content of an image file.

    Returns:
        (H, W, 3) uint8 in BGR.

    Raises:
        ValueError: if OpenCV can't decode the image; the message names its format and mode.
        Exception: Pillow's own errors, of many types, if Pillow can't decode the image either.
    """
    image = mmcv.imfrombytes(content, flag='color', backend='cv2') if content else None
    if image is None:
        raise ConfigError(
            f'{pillow_mode(content)}: expected an image that OpenCV can convert to 8 bits per channel, as training '
            'does; convert the file'
        )
    return image


def decode_completely(content: bytes) -> np.ndarray:
    """Decode an image by :func:`decode_as_in_training`, but refuse an incomplete file.

    Some versions of OpenCV fill the missing part of a JPEG in grey, and training then uses it.

    Raises:
        Exception: as :func:`decode_as_in_training`, and Pillow's error if the file is incomplete.
    """
    pillow_mode(content)
    return decode_as_in_training(content)


def read_label_map(path: str | Path) -> np.ndarray:
    """Read a label map by Pillow, (H, W) integers.

    Raises:
        ValueError: unless it has one channel of integers; the message names the file.
    """
    with Image.open(path) as image:
        label_map = np.asarray(image)
    try:
        check_label_map(label_map)
    except ConfigError as error:
        raise ConfigError(f"label map '{path}': {error}") from error
    return label_map


def check_label_map(label_map: np.ndarray) -> None:
    """Check that a decoded label map has one channel of integers.

    Pillow's modes P, L, 1, I and I;16 have. In others, such as RGB, RGBA and LA, colours would be read as labels.

    Raises:
        ValueError: unless the array is (H, W) of integers or bools; the message names its shape and type.
    """
    if label_map.ndim != 2 or label_map.dtype.kind not in 'biu':
        raise ConfigError(
            'expected one channel of integers (Pillow mode P, L, 1 or I;16), got an image of shape '
            f'{label_map.shape} and type {label_map.dtype}; convert it, colours to class indices'
        )


def pillow_mode(content: bytes) -> str:
    """Decode an image completely by Pillow and return its format and mode in words."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return f'{image.format} file of mode {image.mode}'

"""The data set that a test result belongs to: its images and class names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.fileio import get

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line
from mmgb.utils.image_decoding import decode_as_in_training

from .classification_result import image_name


def check_images(dataset: Any, images: Sequence[str], result: str) -> None:
    """Check that a data set has the images of a test result, in the same order.

    Args:
        dataset (Any): data set of mmpretrain.
        images (Sequence[str]): image names of the test result.
        result (str): name of the test result for error messages.

    Raises:
        ConfigError: if the number of images or a path differs.
    """
    if len(dataset) != len(images):
        raise ConfigError(f"result='{result}' has {len(images)} images, the config's test data set {len(dataset)}")
    for index, image in enumerate(images):
        info = dataset.get_data_info(index)
        if 'img_path' in info and image != image_name(info, index):
            raise ConfigError(
                f"result='{result}': image {index} (from 0) is '{image}', but '{info['img_path']}' in the config's "
                'test data set'
            )


def class_names(dataset: Any, num_classes: int) -> list[str]:
    """Return the names of the data set's classes, or ``'class 0'``, ``'class 1'``, … if it has none.

    Raises:
        ConfigError: if the data set doesn't have ``num_classes`` classes.
    """
    names = dataset.metainfo.get('classes')
    if names is None:
        return [f'class {label}' for label in range(num_classes)]
    if len(names) != num_classes:
        raise ConfigError(f"the config's test data set has {len(names)} classes, the result {num_classes}")
    return [str(name) for name in names]


def read_image(dataset: Any, index: int) -> np.ndarray:
    """Return an image of the data set, (H, W, 3) RGB or (H, W) grey, from its array or its file.

    Raises:
        ConfigError: if the file can't be read.
    """
    info = dataset.get_data_info(index)
    if 'img' in info:
        return np.asarray(info['img']).squeeze()
    try:
        return decode_as_in_training(get(info['img_path']))[:, :, ::-1]
    except (OSError, ConfigError) as error:
        raise ConfigError(f"the image '{info['img_path']}' can't be read: {one_line(error)}") from error

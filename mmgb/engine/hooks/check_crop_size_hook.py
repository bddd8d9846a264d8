"""Refuses a crop that is larger than the images."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from mmgb.functional.errors import ConfigError
from mmgb.registry import HOOKS

from .data_check_hook import DataCheckHook


@HOOKS.register_module()
class CheckCropSizeHook(DataCheckHook):
    """Sends the first image of each data set through its pipeline before the first step, and looks at the crops.

    mmpretrain's ``RandomCrop`` and mmcv's ``CenterCrop`` leave an image as it is that is smaller than ``crop_size``,
    and the network trains on other sizes than its config says. Looked at are those two, where they stand in the
    pipeline itself; ``padding``, ``pad_if_needed`` and ``auto_pad`` count. mmseg's ``RandomCrop`` is left alone: there
    the data preprocessor pads what is too small, as mmseg's own VOC configs want it. No random number that the training
    draws is changed.

    Raises:
        ValueError: if a crop comes out smaller than its ``crop_size``.
    """

    def check_dataset(self, runner, field: str, dataset) -> None:
        transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
        if not any(map(is_strict_crop, transforms)) or not len(dataset):
            return
        original = list(transforms)
        transforms[:] = [checked(step, field) if is_strict_crop(step) else step for step in original]
        try:
            with unchanged_randomness():
                dataset[0]
        finally:
            transforms[:] = original


def is_strict_crop(transform) -> bool:
    """Whether nobody pads what this transform leaves too small."""
    kind = type(transform)
    return kind.__name__ in ('RandomCrop', 'CenterCrop') and kind.__module__.partition('.')[0] != 'mmseg'


def checked(crop: Callable, field: str) -> Callable:
    """``crop``, raising a ValueError if what it gives is smaller than its ``crop_size``."""
    name = type(crop).__name__
    # mmpretrain's RandomCrop has (height, width), mmcv's CenterCrop (width, height).
    height, width = crop.crop_size if name == 'RandomCrop' else crop.crop_size[::-1]

    def crop_and_check(results: dict) -> dict:
        given = results['img'].shape[:2]
        results = crop(results)
        if results['img'].shape[0] < height or results['img'].shape[1] < width:
            raise ConfigError(
                f'crop_size={height}x{width} of {name} in the pipeline of {field} is larger than the '
                f'first image, which has {given[0]}x{given[1]} pixels there (height x width): expected '
                'at most that, or a transform before it that enlarges or pads the image'
            )
        return results

    return crop_and_check


@contextmanager
def unchanged_randomness() -> Iterator[None]:
    """Gives the generators of Python, numpy and torch (CPU) back the states that they had before."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)

"""Refuse a crop that is larger than the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmgb.functional.errors import ConfigError
from mmgb.functional.random_streams import preserved_generators
from mmgb.registry import HOOKS

from .data_check_hook import DataCheckHook


@HOOKS.register_module()
class CheckCropSizeHook(DataCheckHook):
    """Send the first image of each data set through its pipeline before the first step, and check its crops.

    mmpretrain's ``RandomCrop`` and mmcv's ``CenterCrop`` return an image unchanged if it is smaller than ``crop_size``,
    so the network would train on other sizes than its config says. The hook checks these two transforms at the top
    level of a pipeline, after their own padding (``padding``, ``pad_if_needed``, ``auto_pad``). It skips mmseg's
    ``RandomCrop``, because mmseg's data preprocessor pads small crops, as its VOC configs intend. The hook doesn't
    change the random numbers of the training.

    Raises:
        ValueError: if a crop is smaller than its ``crop_size``.
    """

    def check_dataset(self, runner: Any, field: str, dataset: Any) -> None:
        transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
        if not any(map(is_strict_crop, transforms)) or not len(dataset):
            return
        original = list(transforms)
        transforms[:] = [checked_crop(step, field) if is_strict_crop(step) else step for step in original]
        try:
            with preserved_generators():
                dataset[0]
        finally:
            transforms[:] = original


def is_strict_crop(transform: Any) -> bool:
    """Return True for a crop whose result isn't padded later."""
    kind = type(transform)
    return kind.__name__ in ('RandomCrop', 'CenterCrop') and kind.__module__.partition('.')[0] != 'mmseg'


def checked_crop(crop: Callable, field: str) -> Callable:
    """Return ``crop`` with a check that its result has at least ``crop_size``; ``field`` is named in the error."""
    name = type(crop).__name__
    # crop_size is (height, width) in mmpretrain's RandomCrop, (width, height) in mmcv's CenterCrop.
    height, width = crop.crop_size if name == 'RandomCrop' else crop.crop_size[::-1]

    def crop_and_check(results: dict) -> dict:
        before = results['img'].shape[:2]
        results = crop(results)
        if results['img'].shape[0] < height or results['img'].shape[1] < width:
            raise ConfigError(
                f'crop_size={height}x{width} of {name} in the pipeline of {field}: expected at most the size of the '
                f'first image, got an image of {before[0]}x{before[1]} pixels (height x width); add a transform before '
                'the crop that enlarges or pads the image'
            )
        return results

    return crop_and_check

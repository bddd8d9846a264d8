"""Places2 and other data sets of millions of images in a list file."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import mmcv
from mmengine.dataset import force_full_init
from mmengine.fileio import get, join_path
from mmengine.logging import print_log

from mmgb.functional.errors import ConfigError
from mmgb.registry import DATASETS

from .array_backed_dataset import ArrayBackedDataset
from .image_list import ImageList, read_class_names, read_image_list


@DATASETS.register_module()
class Places2(ArrayBackedDataset):
    """The images of an official list of Places2 (``/a/airfield/00000001.jpg 0`` in each line), or of one like it.

    Paths stand in one buffer of bytes and labels in an array, so that 8.1 million images load in seconds and take about
    40 bytes each beside the list's own text, once for all workers.

    Args:
        ann_file, data_root, data_prefix, metainfo, pipeline, indices, test_mode, lazy_init, …: as in mmpretrain.
        classes: names of the classes; or a file of them, one in each line or the official ``/a/airfield 0``.
        num_classes: labels are 0 to ``num_classes - 1``. Default: the number of ``classes``, or else 401 as in the
            Places2 challenge of 2015; the later Places365 has 365.
        on_error: what a missing or unreadable image does. 'raise' ends the training. 'skip' takes the next image of the
            list, which in the official order is nearly always one of the same class; what was skipped is counted in
            ``num_skipped``, a number of its own in each worker, and logged at the first, second, fourth, eighth … one.
        max_refetch: with 'skip', how many images may fail in a row before that is an error, too.

    Raises:
        ValueError: for a list that isn't right, with the number of the line.
        OSError: for an image that can't be read, or more than ``max_refetch`` in a row.
    """

    def __init__(
        self,
        ann_file: str,
        *args,
        classes: str | Sequence[str] | None = None,
        num_classes: int | None = None,
        on_error: str = 'raise',
        max_refetch: int = 20,
        test_mode: bool = False,
        **kwargs,
    ) -> None:
        if on_error not in ('raise', 'skip'):
            raise ConfigError(f"on_error={on_error!r}: expected 'raise' or 'skip'")
        if on_error == 'skip' and test_mode:
            raise ConfigError(
                "on_error='skip' with test_mode=True would count some images twice: clean the list with "
                'tools/dataset_converters/check_image_list.py'
            )
        self.num_classes = num_classes
        self.on_error = on_error
        self.num_skipped = 0
        super().__init__(ann_file, *args, classes=classes, max_refetch=max_refetch, test_mode=test_mode, **kwargs)

    def load_data_list(self) -> ImageList:
        if self.num_classes is None:
            self.num_classes = len(self.CLASSES) if self.CLASSES is not None else 401
        elif self.CLASSES is not None and len(self.CLASSES) != self.num_classes:
            raise ConfigError(f'num_classes={self.num_classes}, but there are {len(self.CLASSES)} names of classes')
        try:
            return read_image_list(get(self.ann_file), self.num_classes)
        except ValueError as error:
            raise ConfigError(f'{self.ann_file}: {error}') from error

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        info['img_path'] = join_path(self.img_prefix, info['img_path'])
        return info

    def prepare_data(self, idx: int) -> Any:
        for _ in range(self.max_refetch + 1):
            info = self.get_data_info(idx)
            path = info['img_path']
            try:
                return self.pipeline(info)
            except Exception as error:
                reason = why_unreadable(path, error)
                if reason is None:
                    raise
                if self.on_error == 'raise':
                    raise OSError(
                        f"'{path}' can't be read ({reason}): mend it, clean the list with tools/"
                        "dataset_converters/check_image_list.py, or set on_error='skip'"
                    ) from error
                self._count_skipped(path, reason)
                idx = (idx + 1) % len(self)
        raise OSError(
            f"{self.max_refetch + 1} images in a row can't be read, the last '{path}' ({reason}): "
            f"is data_prefix='{self.img_prefix}' right?"
        )

    def _count_skipped(self, path: str, reason: str) -> None:
        self.num_skipped += 1
        if self.num_skipped & (self.num_skipped - 1) == 0:
            print_log(
                f"'{path}' can't be read ({reason}) and is skipped: number {self.num_skipped} in this process",
                'current',
                logging.WARNING,
            )

    def _compat_classes(self, metainfo: dict | None, classes) -> dict:
        if isinstance(classes, str):
            try:
                classes = read_class_names(get(os.path.expanduser(classes)))
            except ValueError as error:
                raise ConfigError(f'{classes}: {error}') from error
        return super()._compat_classes(metainfo, classes)

    def extra_repr(self) -> list[str]:
        return [*super().extra_repr(), f'Unreadable images: \t{self.on_error}']


def why_unreadable(path: str, error: Exception) -> str | None:
    """Why the image at ``path`` made a pipeline raise ``error``, or None if the image isn't to blame."""
    if isinstance(error, OSError):  # Pillow's errors among them
        return f'{type(error).__name__}: {error}'
    try:
        image = mmcv.imfrombytes(get(path))
    except Exception as cause:  # each backend and decoder has its own
        return f'{type(cause).__name__}: {cause}'
    return 'it is not an image' if image is None else None

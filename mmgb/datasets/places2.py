"""Places2, and other data sets of millions of images in a list file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmengine.dataset import force_full_init
from mmengine.fileio import get, join_path

from mmgb.functional.errors import ConfigError
from mmgb.registry import DATASETS
from mmgb.utils.settings import check_flag, check_integer

from .array_backed_dataset import ArrayBackedDataset
from .class_name_file import read_class_names
from .image_list import ImageList
from .image_list_parser import read_image_list
from .unreadable_images import UnreadableImagePolicy

CHALLENGE_CLASSES = 401  # of the Places2 challenge of 2015


@DATASETS.register_module()
class Places2(ArrayBackedDataset):
    """Images of an official Places2 list (lines such as ``/a/airfield/00000001.jpg 0``) or of one in the same format.

    Paths are stored in one byte buffer and labels in one array. 8.1 million images load in seconds and take about 40
    bytes each on top of the list's own text, shared by all workers.

    Paths of the list are relative to the images' folder, also if they begin with a slash as the official ones do. If
    neither ``data_root`` nor ``data_prefix`` is set, they are absolute or relative to the current folder.

    Args:
        ann_file (str): the list.
        classes (str | Sequence[str] | None): class names, or a file of them with one name per line, optionally followed
            by its class index as in the official ``/a/airfield 0``.
        num_classes (int | None): number of classes; labels must be 0 to ``num_classes - 1``. Default: the number of
            ``classes``, or without those 401 as in the Places2 challenge of 2015. The later Places365 has 365.
        with_label (bool): False for a list of paths alone, such as the challenge's own test lists; a sample then has no
            ``gt_label``. Default: True.
        on_error (str): reaction to a missing or unreadable image. ``'raise'`` ends the training. ``'skip'`` uses the
            next image of the list, which nearly always has the same class in the official order. Skipped images are
            counted per worker in ``num_skipped`` and logged when the count is 1, 2, 4, 8, ….
        max_refetch (int): with ``'skip'``, number of consecutive failures that are tolerated.
        data_root, data_prefix, metainfo, pipeline, indices, test_mode, lazy_init, …: arguments of mmpretrain's
            ``BaseDataset``.

    Raises:
        ValueError: if the list is invalid; the message names its line.
        OSError: if an image can't be read, or with ``'skip'`` more than ``max_refetch`` in a row.
    """

    def __init__(
        self,
        ann_file: str,
        *args,
        classes: str | Sequence[str] | None = None,
        num_classes: int | None = None,
        with_label: bool = True,
        on_error: str = 'raise',
        max_refetch: int = 20,
        test_mode: bool = False,
        **kwargs,
    ) -> None:
        if num_classes is not None:
            num_classes = check_integer('num_classes', num_classes)
            if num_classes < 1:
                raise ConfigError(f'num_classes={num_classes}: expected at least 1')
        fix = 'clean the list with tools/dataset_converters/check_image_list.py'
        self.policy = UnreadableImagePolicy(on_error, max_refetch, test_mode, fix)
        check_flag('with_label', with_label)
        self.num_classes = num_classes
        self.with_label = with_label
        super().__init__(ann_file, *args, classes=classes, max_refetch=max_refetch, test_mode=test_mode, **kwargs)

    def load_data_list(self) -> ImageList:
        """Read the list, and derive ``num_classes`` if it wasn't set."""
        if self.num_classes is None:
            self.num_classes = len(self.CLASSES) if self.CLASSES is not None else CHALLENGE_CLASSES
        elif self.CLASSES is not None and len(self.CLASSES) != self.num_classes:
            raise ConfigError(
                f'num_classes={self.num_classes}: expected {len(self.CLASSES)}, the number of class names'
            )
        try:
            content = get(self.ann_file)
            rooted = bool(self.img_prefix)
            images = read_image_list(content, self.num_classes, with_label=self.with_label, rooted=rooted)
            if rooted and content.startswith(b'/'):
                self._check_relative(images[0]['img_path'])
            return images
        except ConfigError as error:
            raise ConfigError(f'{self.ann_file}: {error}') from error

    def _check_relative(self, path: str) -> None:
        """Refuse a list of absolute paths beside a folder; ``path`` is the first one without its slash."""
        if os.path.isfile(f'/{path}') and not os.path.isfile(os.path.join(self.img_prefix, path)):
            raise ConfigError(
                f"line 1: expected a path below data_prefix='{self.img_prefix}', got the absolute path '/{path}'; "
                'unset data_root and data_prefix, and the paths are read as they are'
            )

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        info['img_path'] = join_path(self.img_prefix, info['img_path'])
        return info

    def prepare_data(self, idx: int) -> Any:
        """Return the pipeline's result for image ``idx``, or with ``on_error='skip'`` for the next readable one."""
        return self.policy.load(
            lambda place: self.pipeline(self.get_data_info(place)),
            self.get_data_info,
            idx,
            len(self),
            check=f"data_prefix='{self.img_prefix}'",
        )

    @property
    def num_skipped(self) -> int:
        """Number of images that this process has skipped."""
        return self.policy.num_skipped

    def _compat_classes(self, metainfo: dict | None, classes: Any) -> dict:
        if isinstance(classes, str):
            try:
                classes = read_class_names(get(os.path.expanduser(classes)))
            except ConfigError as error:
                raise ConfigError(f'{classes}: {error}') from error
        return super()._compat_classes(metainfo, classes)

    def extra_repr(self) -> list[str]:
        return [*super().extra_repr(), f'Unreadable images: \t{self.policy.on_error}']

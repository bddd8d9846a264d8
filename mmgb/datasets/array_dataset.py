"""Data sets of mmpretrain from array files: MNIST and CIFAR-10 without a download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.fileio import get_local_path

from mmgb.functional.errors import ConfigError
from mmgb.registry import DATASETS

from .array_backed_dataset import ArrayBackedDataset
from .array_files import read_idx, read_npz
from .positions import is_one_position
from .shared_array import SharedArray


class ArraySamples:
    """Sequence of N images and their labels; an entry is ``dict(img=…, gt_label=…)``.

    Args:
        images (SharedArray): (M, H, W) or (M, H, W, C) uint8.
        labels (SharedArray): (N,) int64 class indices.
        rows (SharedArray | None): (N,) positions of the samples in ``images``. Default: None, all images in order.
    """

    def __init__(self, images: SharedArray, labels: SharedArray, rows: SharedArray | None = None) -> None:
        self._images = images
        self._labels = labels
        self._rows = rows if rows is not None else SharedArray(np.arange(len(labels.array)))

    @property
    def labels(self) -> np.ndarray:
        """(N,) int64 class indices, read-only."""
        return self._labels.array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> dict | ArraySamples:
        """Return the sample at an int, or a new :class:`ArraySamples` for a slice or an array of positions."""
        if not is_one_position(index):
            return ArraySamples(
                self._images, *(SharedArray(column.array[index]) for column in (self._labels, self._rows))
            )
        index = int(index)
        return dict(img=self._images.array[self._rows.array[index]], gt_label=int(self.labels[index]))


def make_samples(images: np.ndarray, labels: np.ndarray, num_classes: int | None) -> ArraySamples:
    """Validate the two arrays and combine them.

    Args:
        images (np.ndarray): (N, H, W), (N, H, W, 1) or (N, H, W, 3) uint8, not empty.
        labels (np.ndarray): (N,) integers, or (N, 1) as Keras writes them.
        num_classes (int | None): exclusive upper bound of the labels, or None for no bound.

    Raises:
        ValueError: if an array has another shape or type, or a label is outside the classes.
    """
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)) or not images.size:
        raise ConfigError(f'images.shape={images.shape}: expected (N, H, W), (N, H, W, 1) or (N, H, W, 3), not empty')
    if images.dtype != np.uint8:
        raise ConfigError(f'images.dtype={images.dtype}: expected uint8')
    if labels.shape not in ((len(images),), (len(images), 1)) or labels.dtype.kind not in 'iu':
        raise ConfigError(
            f'labels: expected an integer for each of the {len(images)} images, got {labels.dtype} of shape '
            f'{labels.shape}'
        )
    labels = labels.reshape(-1).astype(np.int64)
    last = np.inf if num_classes is None else num_classes - 1
    outside = (labels < 0) | (labels > last)
    if outside.any():
        first = int(outside.argmax())
        raise ConfigError(f'label of image {first}: expected a class index from 0 to {last}, got {labels[first]}')
    return ArraySamples(SharedArray(images), SharedArray(labels))


def decode_names(names: np.ndarray) -> tuple[str, ...]:
    """Return the class names of an array of texts, or of bytes in UTF-8.

    Raises:
        ConfigError: if it isn't a list of texts or bytes, or if bytes aren't UTF-8.
    """
    if names.ndim != 1 or names.dtype.kind not in 'US':
        raise ConfigError(f"expected a list of names in the array 'classes', got {names.dtype} of shape {names.shape}")
    try:
        return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names.tolist())
    except UnicodeDecodeError as error:
        raise ConfigError(f"expected names in UTF-8 in the array 'classes', got {error.object!r}") from error


@DATASETS.register_module()
class ArrayDataset(ArrayBackedDataset):
    """Images and labels of one .npz file, or of two IDX files such as MNIST's, optionally gzip-compressed.

    A pipeline receives the same fields as from mmpretrain's ``CIFAR10`` and ``MNIST``: ``img``, (H, W, C) or (H, W) as
    stored, and ``gt_label``. It needs no loading transform. Workers share the images.

    Args:
        images (str): the .npz file, or the IDX file of the images.
        labels (str | None): the IDX file of the labels. Default: None, for an .npz file.
        keys (tuple[str, str]): names of the arrays of images and labels in the .npz file. An array ``classes`` in the
            file provides the class names unless ``classes`` or ``metainfo`` does.
        data_root (str): folder of the files.
        metainfo, classes, pipeline, indices, test_mode, lazy_init, …: arguments of mmpretrain's ``BaseDataset``.

    Raises:
        ValueError: if a file is invalid, or the arrays don't match each other.
    """

    def __init__(
        self,
        images: str,
        labels: str | None = None,
        keys: tuple[str, str] = ('x_train', 'y_train'),
        data_root: str = '',
        **kwargs,
    ) -> None:
        if images.endswith('.npz') != (labels is None):
            raise ConfigError(f'images={images!r}, labels={labels!r}: expected one .npz file, or two IDX files')
        self.keys = tuple(keys)
        files = dict(images=images) if labels is None else dict(images=images, labels=labels)
        super().__init__(ann_file='', data_root=data_root, data_prefix=files, **kwargs)

    def load_data_list(self) -> ArraySamples:
        """Read the files and validate their arrays."""
        if 'labels' in self.data_prefix:
            images, labels = (self._read(name, read_idx) for name in ('images', 'labels'))
        else:
            arrays = self._read('images', lambda path: read_npz(path, self.keys, optional=('classes',)))
            images, labels = (arrays[key] for key in self.keys)
            if 'classes' in arrays:
                try:
                    names = decode_names(arrays['classes'])
                except ConfigError as error:
                    raise ConfigError(f"'{self.data_prefix['images']}': {error}") from error
                self._metainfo.setdefault('classes', names)
        try:
            return make_samples(images, labels, len(self.CLASSES) if self.CLASSES is not None else None)
        except ConfigError as error:
            raise ConfigError(f"'{self.data_prefix['images']}': {error}") from error

    def _read(self, name: str, reader: Callable[[str], Any]) -> Any:
        with get_local_path(self.data_prefix[name]) as path:
            return reader(path)

    def extra_repr(self) -> list[str]:
        return [f'{name.capitalize()}: \t{path}' for name, path in self.data_prefix.items()]

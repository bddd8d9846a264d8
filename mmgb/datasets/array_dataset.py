"""Images and labels in array files, as a data set of mmpretrain: MNIST and CIFAR-10 without a download."""

from __future__ import annotations

import numpy as np
from mmengine.fileio import get_local_path

from mmgb.functional.errors import ConfigError
from mmgb.registry import DATASETS

from .array_backed_dataset import ArrayBackedDataset
from .array_files import read_idx, read_npz
from .shared_array import SharedArray


class ArraySamples:
    """N images and their labels: a sequence of ``dict(img=…, gt_label=…)``.

    Args:
        images: (N, H, W) or (N, H, W, C).
        labels: (N,) int64.
        rows: (M,) the images' positions that are in this sequence. Default: all of them.
    """

    def __init__(self, images: SharedArray, labels: SharedArray, rows: SharedArray | None = None) -> None:
        self._images = images
        self._labels = labels
        self._rows = rows if rows is not None else SharedArray(np.arange(len(labels.array)))

    @property
    def labels(self) -> np.ndarray:
        return self._labels.array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index):
        """The sample at an int; the sequence of those in a slice, or at an array of positions."""
        if not isinstance(index, (int, np.integer)):
            return ArraySamples(
                self._images, *(SharedArray(column.array[index]) for column in (self._labels, self._rows))
            )
        return dict(img=self._images.array[self._rows.array[index]], gt_label=int(self.labels[index]))


def check_samples(images: np.ndarray, labels: np.ndarray, num_classes: int | None) -> ArraySamples:
    """The samples of both arrays; ``labels`` may be (N, 1), as Keras writes them.

    Raises:
        ValueError: if these aren't images with a class index each.
    """
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)) or not images.size:
        raise ConfigError(f'images have the shape {images.shape}: expected (N, H, W), (N, H, W, 1) or (N, H, W, 3)')
    if images.dtype != np.uint8:
        raise ConfigError(f'images are {images.dtype}: expected uint8')
    if labels.shape not in ((len(images),), (len(images), 1)) or labels.dtype.kind not in 'iu':
        raise ConfigError(
            f'labels are {labels.dtype} of the shape {labels.shape}: expected an integer for each of the '
            f'{len(images)} images'
        )
    labels = labels.reshape(-1).astype(np.int64)
    last = np.inf if num_classes is None else num_classes - 1
    outside = (labels < 0) | (labels > last)
    if outside.any():
        first = int(outside.argmax())
        raise ConfigError(f'the label {labels[first]} of image {first} is outside the classes: expected 0 to {last}')
    return ArraySamples(SharedArray(images), SharedArray(labels))


@DATASETS.register_module()
class ArrayDataset(ArrayBackedDataset):
    """Images and labels of an .npz file, or of two idx files (MNIST's; ``.gz``, too).

    A pipeline gets what mmpretrain's own ``CIFAR10`` and ``MNIST`` give it: ``img``, (H, W, C) or (H, W) as stored, and
    ``gt_label``; it needs no transform that loads. Workers share the images.

    Args:
        images: the .npz file, or the idx file of the images.
        labels: the idx file of the labels; none with an .npz file.
        keys: of images and labels in the .npz file. An array ``classes`` in it names the classes, unless
            ``classes`` or ``metainfo`` does.
        data_root: folder of the files.
        metainfo, classes, pipeline, indices, test_mode, lazy_init, …: as in mmpretrain.

    Raises:
        ValueError: for a file that isn't what it should be, or arrays that don't fit each other.
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
            raise ConfigError(f'images={images!r}, labels={labels!r}: expected one .npz file, or two idx files')
        self.keys = tuple(keys)
        files = dict(images=images) if labels is None else dict(images=images, labels=labels)
        super().__init__(ann_file='', data_root=data_root, data_prefix=files, **kwargs)

    def load_data_list(self) -> ArraySamples:
        if 'labels' in self.data_prefix:
            images, labels = (self._read(name, read_idx) for name in ('images', 'labels'))
        else:
            arrays = self._read('images', lambda path: read_npz(path, self.keys, optional=('classes',)))
            images, labels = (arrays[key] for key in self.keys)
            if 'classes' in arrays:
                self._metainfo.setdefault('classes', tuple(map(str, arrays['classes'])))
        try:
            return check_samples(images, labels, len(self.CLASSES) if self.CLASSES is not None else None)
        except ValueError as error:
            raise ConfigError(f"'{self.data_prefix['images']}': {error}") from error

    def _read(self, name: str, reader):
        with get_local_path(self.data_prefix[name]) as path:
            return reader(path)

    def extra_repr(self) -> list[str]:
        return [f'{name.capitalize()}: \t{path}' for name, path in self.data_prefix.items()]

"""Class labels of every sample of a data set, for data sets of any host and through any wrapper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.dataset_wrappers import composition, inner_datasets

# An (N,) int64 array if every sample has one class, else a list with the classes of each sample.
Labels = 'np.ndarray | list[Sequence[int]]'


def sample_labels(dataset: Any, cache: str | None = None) -> Labels:
    """Return the labels of all samples without loading any sample.

    Wrappers are followed as :mod:`mmgb.utils.dataset_wrappers` describes. The data sets inside them are asked in this
    order: ``get_gt_labels()``, if it returns one integer per sample; the label maps of a segmentation data set;
    ``get_cat_ids(index)``; torchvision's ``targets``.

    Args:
        dataset: a data set or wrapper of torch, torchvision, mmengine, mmpretrain or mmseg.
        cache (str | None): file that stores the scan of label maps; see
            :func:`mmgb.datasets.label_maps.scan_label_maps` for the default.

    Returns:
        An (N,) int64 array if every sample has one class, else a list with the classes of each sample.

    Raises:
        ValueError: if the data set has no labels, if their number differs from the number of samples, or if mmengine's
            ``num_batch_per_epoch`` truncates the data set.
    """
    if type(dataset).__name__ == '_SlicedDataset':
        raise ConfigError(
            f'num_batch_per_epoch truncates the data set to its first {len(dataset)} samples regardless of their '
            'classes: remove it and set num_samples of the sampler'
        )
    if hasattr(dataset, 'full_init'):
        dataset.full_init()  # a wrapper with lazy_init=True selects its samples only now
    wrapped = composition(dataset)
    if wrapped is not None:
        labels = _concatenate([sample_labels(part, cache) for part in wrapped.datasets] * wrapped.times)
        return labels if wrapped.indices is None else _select(labels, wrapped.indices)
    labels = _own_labels(dataset, cache)
    if len(labels) != len(dataset):
        raise ConfigError(
            f'{type(dataset).__name__} has {len(dataset)} samples but {len(labels)} labels: expected one label or set '
            'of labels per sample'
        )
    return labels


def class_names(dataset: Any) -> list[str] | None:
    """Return the class names of a data set, or of the first one inside it; None if it doesn't name its classes."""
    for names in (getattr(dataset, 'metainfo', None) or {}).get('classes'), getattr(dataset, 'classes', None):
        if names is not None:
            return list(map(str, names))
    inner = inner_datasets(dataset)
    return class_names(inner[0]) if inner else None


def pairs(labels: Labels) -> tuple[np.ndarray, np.ndarray | None]:
    """Return ``labels`` as ``(classes, samples)``: one pair per class of each sample.

    ``samples`` is None if every sample has one class, because it would be ``0, 1, 2, …``.
    """
    if isinstance(labels, np.ndarray):
        return labels, None
    samples = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    try:
        return np.fromiter(chain.from_iterable(labels), dtype=np.int64, count=len(samples)), samples
    except (OverflowError, TypeError, ValueError) as error:
        raise ConfigError(f'labels of the samples: expected class indices, got another value: {error}') from error


def _own_labels(dataset: Any, cache: str | None) -> Labels:
    try:
        if hasattr(dataset, 'get_gt_labels'):
            labels = _integers(dataset.get_gt_labels)
            if labels is not None:
                return labels
        if hasattr(dataset, 'seg_map_suffix'):
            from .label_maps import VALUES, class_sets

            return class_sets(dataset, len(class_names(dataset) or range(VALUES)), cache)
        if hasattr(dataset, 'get_cat_ids'):
            return [sorted(set(dataset.get_cat_ids(index))) for index in range(len(dataset))]
        labels = _integers(lambda: dataset.targets) if hasattr(dataset, 'targets') else None
    except (KeyError, NotImplementedError, TypeError) as error:
        raise _no_labels_error(dataset) from error
    if labels is None:
        raise _no_labels_error(dataset)
    return labels


def _integers(get: Callable[[], Any]) -> np.ndarray | None:
    """Return the result of ``get()`` as an (N,) int64 array, or None if it isn't one integer per sample."""
    try:
        labels = np.asarray(get())
    except ValueError:  # numpy refuses a ragged list: some sample has several labels
        return None
    if labels.ndim != 1 or labels.dtype.kind not in 'iu':
        return None
    largest = labels.max(initial=0)
    if largest > np.iinfo(np.int64).max:
        raise ConfigError(f'labels of the samples: expected class indices, got {largest}')
    return labels.astype(np.int64, copy=False)


def _no_labels_error(dataset: Any) -> ConfigError:
    return ConfigError(
        f'{type(dataset).__name__} has no labels to sample by: expected a method get_gt_labels() or '
        'get_cat_ids(index), or an attribute targets, with class indices'
    )


def _concatenate(parts: list[Labels]) -> Labels:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return list(chain.from_iterable(part[:, None].tolist() if isinstance(part, np.ndarray) else part for part in parts))


def _select(labels: Labels, indices: Sequence[int]) -> Labels:
    if isinstance(labels, np.ndarray):
        return labels[np.asarray(indices, dtype=np.int64)]
    return [labels[index] for index in indices]

"""The classes of each sample of a data set, whichever library it comes from and however it is wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from mmgb.functional.errors import ConfigError

# (N,) integers where each sample has one class, else for each sample its classes.
Labels = 'np.ndarray | list[Sequence[int]]'


def sample_labels(dataset, cache: str | None = None) -> Labels:
    """Looks for labels without loading a sample.

    Wrappers are looked through: concatenation (``datasets``), repetition (``times``), and a choice of samples
    (``indices`` of torch's ``Subset``, ``repeat_indices`` of ``ClassBalancedDataset``). Within them counts the first
    of: ``get_gt_labels()``, if it gives one integer for each sample; the label maps of a segmentation data set;
    ``get_cat_ids(index)``; torchvision's ``targets``.

    Args:
        cache: file for the scan of label maps, see :func:`mmgb.datasets.label_maps.scan_label_maps`.

    Raises:
        ValueError: if there are no labels, fewer or more than samples, or if mmengine's ``num_batch_per_epoch`` has
            cut the data set.
    """
    if type(dataset).__name__ == '_SlicedDataset':
        raise ConfigError(
            f'num_batch_per_epoch cuts the data set to its first {len(dataset)} samples, whatever their '
            'classes: leave it out and set num_samples of the sampler'
        )
    if hasattr(dataset, 'datasets'):
        return _concatenate([sample_labels(part, cache) for part in dataset.datasets])
    if hasattr(dataset, 'dataset'):
        for chosen in ('indices', 'repeat_indices'):
            if hasattr(dataset, chosen):
                return _choose(sample_labels(dataset.dataset, cache), getattr(dataset, chosen))
        if hasattr(dataset, 'times'):
            return _concatenate([sample_labels(dataset.dataset, cache)] * dataset.times)
    labels = _own_labels(dataset, cache)
    if len(labels) != len(dataset):
        raise ConfigError(f'{type(dataset).__name__} has {len(dataset)} samples, but {len(labels)} labels')
    return labels


def class_names(dataset) -> list[str] | None:
    """The names by class index, of a data set or of what it wraps; None if it doesn't say."""
    for found in (getattr(dataset, 'metainfo', None) or {}).get('classes'), getattr(dataset, 'classes', None):
        if found is not None:
            return list(map(str, found))
    for inner in (getattr(dataset, 'dataset', None), *getattr(dataset, 'datasets', ())[:1]):
        if inner is not None:
            return class_names(inner)
    return None


def pairs(labels: Labels) -> tuple[np.ndarray, np.ndarray | None]:
    """``labels`` as (classes, samples), one pair for each class of each sample; samples are None if they count up."""
    if isinstance(labels, np.ndarray):
        return labels, None
    samples = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    return np.fromiter(chain.from_iterable(labels), dtype=np.int64, count=len(samples)), samples


def _own_labels(dataset, cache: str | None) -> Labels:
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
        raise _without_labels(dataset) from error
    if labels is None:
        raise _without_labels(dataset)
    return labels


def _integers(get) -> np.ndarray | None:
    """What ``get`` returns, if it is one integer for each sample."""
    try:
        labels = np.asarray(get())
    except ValueError:  # ragged: several labels for a sample
        return None
    return labels if labels.ndim == 1 and labels.dtype.kind in 'iu' else None


def _without_labels(dataset) -> ValueError:
    return ConfigError(
        f'{type(dataset).__name__} has no labels to sample by: it needs get_gt_labels(), '
        'get_cat_ids(index) or targets with class indices'
    )


def _concatenate(parts: list[Labels]) -> Labels:
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return list(chain.from_iterable(part[:, None].tolist() if isinstance(part, np.ndarray) else part for part in parts))


def _choose(labels: Labels, indices: Sequence[int]) -> Labels:
    if isinstance(labels, np.ndarray):
        return labels[np.asarray(indices, dtype=np.int64)]
    return [labels[index] for index in indices]

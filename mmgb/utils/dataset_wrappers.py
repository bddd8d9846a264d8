"""Walk over dataset wrappers of torch, mmengine, mmpretrain and mmseg by their attributes.

A wrapper holds one data set in ``dataset`` or several in ``datasets``. It repeats them (``times`` of mmengine's
``RepeatDataset``), selects samples (``indices`` of torch's ``Subset``, ``repeat_indices`` of mmengine's
``ClassBalancedDataset``), or has the samples of ``dataset`` in their order: mmpretrain's ``KFoldDataset``, which
replaces ``dataset`` by the samples ``_ori_indices`` of it, and ``MultiImageMixDataset`` of mmseg and mmdetection, which
has ``pipeline_types`` and mixes each sample with others (mosaic, mixup). Wrappers of OpenMMLab must be initialized.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple


class Composition(NamedTuple):
    """The samples of a wrapper: ``datasets`` one after another, all of that ``times``, then the positions ``indices``.

    Attributes:
        datasets (list): data sets that are concatenated.
        times (int): number of repetitions of the concatenated samples.
        indices (Sequence[int] | None): positions of the selected samples, or None for all.
    """

    datasets: list[Any]
    times: int = 1
    indices: Sequence[int] | None = None


def inner_datasets(dataset: Any) -> list[Any]:
    """Return the data sets that ``dataset`` wraps directly; an empty list if it isn't a wrapper."""
    inner = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    return [part for part in inner if part is not None]


def innermost_datasets(dataset: Any) -> Iterator[Any]:
    """Yield the data sets below all wrappers, in order; ``dataset`` itself if it isn't a wrapper."""
    inner = inner_datasets(dataset)
    if not inner:
        yield dataset
    for part in inner:
        yield from innermost_datasets(part)


def composition(dataset: Any) -> Composition | None:
    """Return how ``dataset`` composes its samples, or None if it isn't a wrapper with a known rule."""
    if hasattr(dataset, 'datasets'):
        return Composition(list(dataset.datasets))
    if hasattr(dataset, 'dataset'):
        for attribute in ('indices', 'repeat_indices'):
            if hasattr(dataset, attribute):
                return Composition([dataset.dataset], indices=getattr(dataset, attribute))
        if hasattr(dataset, 'times'):
            return Composition([dataset.dataset], times=dataset.times)
        if hasattr(dataset, '_ori_indices') or hasattr(dataset, 'pipeline_types'):
            return Composition([dataset.dataset])
    return None

"""Configs of data sets inside the config of a wrapper, such as ``ConcatDataset``."""

from __future__ import annotations

from collections.abc import Iterator

WRAPPED = ('dataset', 'datasets')  # arguments of a wrapper


def nested_datasets(dataset: object, key: str) -> Iterator[tuple[str, dict]]:
    """Yield the dotted key and the config of ``dataset`` and of the datasets that it wraps."""
    if isinstance(dataset, (list, tuple)):
        for index, part in enumerate(dataset):
            yield from nested_datasets(part, f'{key}.{index}')
    elif isinstance(dataset, dict):
        yield key, dataset
        for name in WRAPPED:
            yield from nested_datasets(dataset.get(name), f'{key}.{name}')


def innermost_datasets(dataset: object, key: str) -> Iterator[tuple[str, dict]]:
    """Yield the dotted key and the config of each data set that reads samples itself, inside any wrappers."""
    for path, each in nested_datasets(dataset, key):
        if not any(name in each for name in WRAPPED):
            yield path, each

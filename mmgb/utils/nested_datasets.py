"""Configs of data sets inside the config of a wrapper, such as ``ConcatDataset``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

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


def innermost_configs(dataset: object) -> Iterator[dict]:
    """Yield the config of each data set that reads samples itself, inside any wrappers."""
    for _, each in nested_datasets(dataset, ''):
        if not any(name in each for name in WRAPPED):
            yield each


def set_pipeline(dataset: object, pipeline: Sequence) -> None:
    """Give each data set that reads samples itself a copy of a pipeline, in place; wrappers have none."""
    for each in innermost_configs(dataset):
        each['pipeline'] = deepcopy(pipeline)

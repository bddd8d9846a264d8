"""Dataloaders of a config: what the hosts' scripts set by default, and whether their data are there."""

from __future__ import annotations

import inspect
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS

from mmgb.functional.errors import ConfigError


def set_dataloader_defaults(
    cfg: Config,
    fields: tuple[str, ...],
    accelerator: bool,
    pin_memory: bool = True,
    persistent_workers: bool | None = None,
) -> None:
    """Sets what a host's own script sets in the dataloaders ``fields``, and drops what can't work.

    mmpretrain's scripts default to ``collate_fn=default_collate`` and ``pin_memory``, the training one to
    ``persistent_workers`` as well; mmsegmentation's set nothing. Under either host ``persistent_workers`` is
    dropped where there are no workers (torch refuses it), ``pin_memory`` where there is no accelerator.

    Args:
        pin_memory: False switches it off.
        persistent_workers: True makes it mmpretrain's default, False switches it off, None leaves it alone.
    """
    for field in fields:
        loader = cfg.get(field)
        if loader is None:
            continue
        if cfg.get('default_scope') == 'mmpretrain':
            loader.setdefault('collate_fn', dict(type='default_collate'))
            loader.setdefault('pin_memory', True)
            if persistent_workers:
                loader.setdefault('persistent_workers', True)
        if not (pin_memory and accelerator):
            loader.pin_memory = False
        if persistent_workers is False or not loader.get('num_workers', 0):
            loader.persistent_workers = False


def check_data_roots(cfg: Config, fields: tuple[str, ...]) -> None:
    """Raises a :class:`ConfigError` for the first ``data_root`` of the dataloaders ``fields`` that is absent.

    Neither data on a remote backend are looked for, nor those of a data set that downloads what is missing.
    """
    for field in fields:
        loader = cfg.get(field)
        if loader is None:
            continue
        for key, dataset in nested_datasets(loader.get('dataset'), f'{field}.dataset'):
            root = dataset.get('data_root')
            if not root or _is_remote(dataset) or Path(root).exists():
                continue
            if _downloads(dataset, cfg.get('default_scope')):
                continue
            raise ConfigError(
                f"{key}.data_root='{root}' isn't there (looked for in {Path.cwd()}): put the "
                f'data there, or name their place by --cfg-options {key}.data_root=…'
            )


def nested_datasets(dataset, key: str):
    """Yields (key, config) of ``dataset`` and of those that it wraps as ``dataset`` or ``datasets``."""
    if isinstance(dataset, (list, tuple)):
        for index, part in enumerate(dataset):
            yield from nested_datasets(part, f'{key}.{index}')
    elif isinstance(dataset, dict):
        yield key, dataset
        for name in ('dataset', 'datasets'):
            yield from nested_datasets(dataset.get(name), f'{key}.{name}')


def _is_remote(dataset: dict) -> bool:
    backend = (dataset.get('backend_args') or {}).get('backend', 'local')
    return '://' in dataset['data_root'] or backend not in ('local', 'LocalBackend')


def _downloads(dataset: dict, scope: str | None) -> bool:
    kind = dataset.get('type')
    if isinstance(kind, str):
        with DATASETS.switch_scope_and_registry(scope) as registry:
            kind = registry.get(kind)
    default = inspect.signature(kind).parameters.get('download') if kind else None
    return bool(dataset.get('download', default.default if default else False))

"""Defaults for a config's dataloaders, and checks that their data exist and that an epoch has batches."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sized
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import InfiniteSampler
from mmengine.registry import DATASETS
from mmengine.runner import BaseLoop, EpochBasedTrainLoop

from mmgb.functional.errors import ConfigError
from mmgb.utils.nested_datasets import nested_datasets


def set_dataloader_defaults(
    cfg: Config,
    fields: tuple[str, ...],
    accelerator: bool,
    pin_memory: bool = True,
    persistent_workers: bool | None = None,
) -> None:
    """Set the dataloader defaults of the host's own scripts, and disable settings that cannot work.

    mmpretrain's scripts set ``collate_fn=default_collate`` and ``pin_memory=True``, and for training also
    ``persistent_workers=True``; mmsegmentation's scripts set nothing. For both hosts ``persistent_workers`` is disabled
    without workers, because torch refuses it, and ``pin_memory`` is disabled without an accelerator.

    Args:
        cfg (Config): config to change.
        fields (tuple[str, ...]): dataloaders, such as ``'train_dataloader'``; absent ones are skipped.
        accelerator (bool): True if this machine has one.
        pin_memory (bool): False disables ``pin_memory``.
        persistent_workers (bool | None): True applies mmpretrain's default, False disables ``persistent_workers``, None
            leaves it unchanged. Default: None.
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
    """Check that the data folders of the dataloaders ``fields`` exist.

    Remote data, datasets that download missing files, and a ``data_root`` beside absolute paths are not checked.

    Raises:
        ConfigError: if a ``data_root`` does not exist; the message names the first.
    """
    for field in fields:
        loader = cfg.get(field)
        if loader is None:
            continue
        for key, dataset in nested_datasets(loader.get('dataset'), f'{field}.dataset'):
            root = dataset.get('data_root')
            if not root or _is_remote(dataset) or Path(root).exists():
                continue
            if _is_unused(dataset) or downloads(dataset, cfg.get('default_scope')):
                continue
            raise ConfigError(
                f"{key}.data_root='{root}' does not exist (looked in {Path.cwd()}): "
                f'put the data there, or set their folder with --cfg-options {key}.data_root=…'
            )


def check_train_batches(loop: BaseLoop) -> None:
    """Check that an epoch of a training loop has a batch and an end.

    Raises:
        ConfigError: if the sampler never ends and the loop is epoch-based, or if ``drop_last`` drops the only batch.
    """
    loader = loop.dataloader
    batches = loader.batch_sampler
    sampler = getattr(batches, 'sampler', loader.sampler)
    if getattr(sampler, 'infinite', False) or isinstance(sampler, InfiniteSampler):
        if isinstance(loop, EpochBasedTrainLoop):
            raise ConfigError(
                f'train_dataloader.sampler={type(sampler).__name__}, which never ends: expected one that ends with '
                'EpochBasedTrainLoop, whose first epoch would not end; set sampler.infinite=False, use DefaultSampler, '
                'or train with IterBasedTrainLoop'
            )
    elif isinstance(batches, Sized) and isinstance(sampler, Sized) and not len(batches):
        raise ConfigError(
            f'train_dataloader.batch_size={batches.batch_size}: expected at least one batch per epoch and process, got '
            f'{len(sampler)} samples with drop_last={batches.drop_last}, so nothing would be trained; lower batch_size '
            'or set drop_last=False'
        )


def downloads(dataset: dict, scope: str | None) -> bool:
    """Return True if a dataset downloads files that are missing: if ``download``, or its default, is true."""
    kind = dataset.get('type')
    if isinstance(kind, str):
        with DATASETS.switch_scope_and_registry(scope) as registry:
            kind = registry.get(kind)
    default = inspect.signature(kind).parameters.get('download') if kind else None
    return bool(dataset.get('download', default.default if default else False))


def _is_remote(dataset: dict) -> bool:
    backend = (dataset.get('backend_args') or {}).get('backend', 'local')
    return '://' in dataset['data_root'] or backend not in ('local', 'LocalBackend')


def _is_unused(dataset: dict) -> bool:
    """Return True if all paths of the dataset are absolute, so that mmengine joins none of them to ``data_root``."""
    prefix = dataset.get('data_prefix') or {}
    paths = [prefix] if isinstance(prefix, str) else [*prefix.values()]
    files = [dataset['ann_file']] if dataset.get('ann_file') else []
    return bool(paths) and 'split' not in dataset and all(os.path.isabs(str(path)) for path in (*paths, *files))

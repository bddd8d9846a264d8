"""Suggest class-aware sampling for a config's training data."""

from __future__ import annotations

from mmengine.config import Config

from mmgb.apis.config import type_name
from mmgb.functional.errors import ConfigError

from .overrides import plain
from .suggestion import Suggestion


def with_class_aware_sampler(suggestion: Suggestion, cfg: Config) -> Suggestion:
    """Add a class-aware sampler to a suggestion.

    Raises:
        ConfigError: if the config has no sampler of the training data to replace.
    """
    loader, loop = plain(cfg.get('train_dataloader') or {}), cfg.get('train_cfg') or {}
    old = loader.get('sampler')
    if old is None:
        raise ConfigError('train_dataloader.sampler: expected a sampler to replace with --class-aware, got none')
    by_iterations = loop.get('max_iters') is not None
    sampler = dict(_delete_=True, type='mmgb.ClassAwareSampler', **(dict(infinite=True) if by_iterations else {}))
    note = (
        f'train_dataloader.sampler: {type_name(old)} becomes mmgb.ClassAwareSampler, which draws every class equally '
        'often; an epoch is as long as before'
    )
    overrides = dict(suggestion.overrides, train_dataloader=dict(sampler=sampler))
    return suggestion._replace(overrides=overrides, notes=[*suggestion.notes, note])

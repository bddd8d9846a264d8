"""What the options of ``tools/train.py`` change in a config."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from mmgb.functional.errors import ConfigError

from .config import type_name


def skip_validation(cfg: Config) -> None:
    """``--no-validate``: trains without a validation loop."""
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None


def enable_amp(cfg: Config) -> None:
    """``--amp``: the mixed-precision optimizer wrapper, with a dynamic loss scale unless the config sets one.

    Raises:
        ConfigError: if the config's optimizer wrapper is neither the plain nor the mixed-precision one.
    """
    name = type_name(cfg.optim_wrapper, default='OptimWrapper')
    if name not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ConfigError(f"--amp works with optim_wrapper.type='OptimWrapper', but the config has '{name}'")
    if name == 'OptimWrapper':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def check_amp(cfg: Config, accelerator: bool) -> None:
    """Raises a :class:`ConfigError` for mixed-precision training on a machine without an accelerator."""
    if type_name(cfg.optim_wrapper) == 'AmpOptimWrapper' and not accelerator:
        raise ConfigError(
            "--amp (optim_wrapper.type='AmpOptimWrapper') trains on an accelerator only; this "
            "machine has none: leave it out, or set optim_wrapper.type='OptimWrapper'"
        )


def scale_learning_rate(cfg: Config) -> None:
    """``--auto-scale-lr``: scales the learning rate by the actual over the config's base batch size.

    Raises:
        ConfigError: if the config doesn't say for which batch size its learning rate is meant.
    """
    if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
        raise ConfigError('--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=…) in the config')
    cfg.auto_scale_lr.enable = True


def choose_checkpoint_to_resume(cfg: Config, resume: str | None) -> str | None:
    """``--resume [PATH]``: sets ``cfg.resume`` and ``cfg.load_from``; returns the checkpoint to resume from.

    Args:
        resume: the path; or 'auto' for the latest one in ``cfg.work_dir``; or None for what the config says.

    Returns:
        None where nothing is resumed. That includes 'auto' in a work dir without a checkpoint: training then
        starts afresh, from the config's ``load_from`` if it has one.
    """
    if resume == 'auto' or (resume is None and cfg.get('resume') and not cfg.get('load_from')):
        # mmengine would look it up by itself, but later than we want to check it.
        started = Path(cfg.work_dir, 'last_checkpoint').is_file()
        resume = find_latest_checkpoint(cfg.work_dir) if started else None
        cfg.resume = started
    if resume is not None:
        cfg.resume, cfg.load_from = True, resume
    return cfg.load_from if cfg.get('resume') else None


def check_sampling_seed(cfg: Config, checkpoint: dict) -> None:
    """Raises a :class:`ConfigError` if class-aware sampling is resumed without a seed.

    mmengine then draws one before it reads the checkpoint, and the images come in an order that has nothing to do
    with the one before. ``checkpoint`` holds the seed of the run that wrote it.
    """
    sampler = cfg.train_dataloader.get('sampler') or {}
    seeds = sampler.get('seed'), (cfg.get('randomness') or {}).get('seed')
    if type_name(sampler) == 'ClassAwareSampler' and seeds == (None, None):
        raise ConfigError(
            '--resume needs the seed of class-aware sampling, and the config has no randomness.seed: add '
            f"--cfg-options randomness.seed={checkpoint['meta'].get('seed')}, that of the checkpoint's "
            'run'
        )

"""Apply the options of ``tools/train.py`` to a config; ``--resume`` is in :mod:`mmgb.apis.resume`."""

from __future__ import annotations

from mmengine.config import Config

from mmgb.functional.errors import ConfigError

from .config import type_name


def skip_validation(cfg: Config) -> None:
    """Apply ``--no-validate``: remove the validation loop."""
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None


def enable_amp(cfg: Config) -> None:
    """Apply ``--amp``: train in mixed precision, with a dynamic loss scale unless the config sets another.

    Raises:
        ConfigError: if the config's optimizer wrapper is neither ``OptimWrapper`` nor ``AmpOptimWrapper``.
    """
    name = type_name(cfg.optim_wrapper, default='OptimWrapper')
    if name not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ConfigError(f"optim_wrapper.type='{name}': expected 'OptimWrapper' with --amp")
    if name == 'OptimWrapper':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def check_amp(cfg: Config, accelerator: bool) -> None:
    """Raise :class:`ConfigError` for mixed-precision training on a machine without an accelerator."""
    if type_name(cfg.optim_wrapper) == 'AmpOptimWrapper' and not accelerator:
        raise ConfigError(
            "--amp (optim_wrapper.type='AmpOptimWrapper'): expected an accelerator, and this machine has none; "
            "leave it out, or set optim_wrapper.type='OptimWrapper'"
        )


def scale_learning_rate(cfg: Config) -> None:
    """Apply ``--auto-scale-lr``: scale the learning rate by the total batch size over the config's base batch size.

    Raises:
        ConfigError: if the config has no ``auto_scale_lr.base_batch_size``.
    """
    if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
        raise ConfigError('--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=…) in the config')
    cfg.auto_scale_lr.enable = True

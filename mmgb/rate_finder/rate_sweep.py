"""Train a config for a few steps while its learning rate rises exponentially, and record the losses."""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope

from mmgb.recipes.check import largest_divisor
from mmgb.recipes.measured_steps import MeasuredSteps
from mmgb.recipes.name import parse_name
from mmgb.recipes.short_training import prepare, train

from .rate_rule import has_risen


class RateSweep(MeasuredSteps):
    """Give each optimiser step the next learning rate, and end the training where the loss has left its start.

    All parameter groups keep the ratio of their learning rates. The rates replace the config's schedule and warm-up.

    Args:
        rates (Sequence[float]): learning rate of each step.
        parts (int): number of micro-batches per batch.
    """

    def __init__(self, rates: Sequence[float], parts: int) -> None:
        super().__init__(len(rates), parts)
        self.rates = rates

    def before_train(self, runner: Any) -> None:
        super().before_train(runner)
        optimizer = runner.optim_wrapper.optimizer
        base = optimizer.defaults['lr']
        self._groups = [(group, group.get('initial_lr', group['lr']) / base) for group in optimizer.param_groups]

    def step(self, wrapper: OptimWrapper, **kwargs: Any) -> None:
        for group, ratio in self._groups:
            group['lr'] = ratio * self.rates[len(self.losses)]
        super().step(wrapper, **kwargs)

    def has_diverged(self, gradient_norm: float) -> bool:
        """Return True if the loss has left its start, by a rule that a number added to all losses does not change."""
        return not math.isfinite(gradient_norm) or has_risen(self.losses)


def sweep_rates(cfg: Config, rates: Sequence[float], seed: int, batch_size: int | None = None) -> list[float]:
    """Train one step at each learning rate, from one start, through mmengine's runner.

    Data, pipeline, network, initialisation, optimizer and clipping are the config's. Samples are loaded in this
    process. There is no validation and no checkpoint.

    Args:
        cfg (Config): config as loaded from its file; it is not changed.
        rates (Sequence[float]): rising learning rates.
        seed (int): seed of the start: of the random weights and the order of the data.
        batch_size (int | None): images per step. Default: None, those of all processes that the config's name
            announces, accumulated from batches of one process.

    Returns:
        list[float]: loss of each step before its update; shorter than ``rates`` if the loss has left its start. The
        last value may be NaN or infinite.

    Raises:
        ConfigError: if the config can't be built or its training has no optimiser step.
    """
    cfg = copy.deepcopy(cfg)
    per_process = cfg.train_dataloader.get('batch_size', 1)
    batch = batch_size or parse_name(cfg.filename).processes * per_process
    parts = batch // largest_divisor(batch, per_process)
    cfg.randomness = dict(cfg.get('randomness') or {}, seed=seed)
    for end in ('max_epochs', 'max_iters'):
        if cfg.train_cfg.get(end) is not None:
            cfg.train_cfg[end] = max(cfg.train_cfg[end], len(rates) * cfg.optim_wrapper.get('accumulative_counts', 1))
    with tempfile.TemporaryDirectory() as folder, DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        prepare(cfg, batch, parts, folder)
        return train(cfg, RateSweep(rates, parts), None).losses

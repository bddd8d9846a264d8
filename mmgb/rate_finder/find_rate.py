"""Find a learning rate for a config by sweeps from several starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from mmengine.config import Config

from mmgb.functional.errors import ConfigError

from .rate_rule import SweepSuggestion, combine, suggest_rate
from .rate_sweep import sweep_rates

FEWEST_STEPS = 30


class SweepOptions(NamedTuple):
    """Options of a learning-rate finder.

    Attributes:
        lowest: first learning rate, > 0.
        highest: last learning rate, above the first.
        steps: number of optimiser steps of a sweep, at least 30.
        starts: number of sweeps, each from other weights and with another order of the data, at least 1.
        batch_size: images per step; None for those of all processes that the config's name announces.
    """

    lowest: float
    highest: float
    steps: int = 100
    starts: int = 3
    batch_size: int | None = None


class FoundRate(NamedTuple):
    """A suggested learning rate and the sweeps behind it.

    Attributes:
        rate: suggested learning rate.
        rates: learning rates of the steps.
        sweeps: losses of each start.
        suggestions: suggestion of each start.
    """

    rate: float
    rates: list[float]
    sweeps: list[list[float]]
    suggestions: list[SweepSuggestion]


def find_rate(cfg: Config, options: SweepOptions, report: Callable[[int, SweepSuggestion], object]) -> FoundRate:
    """Sweep the learning rate from each start, and suggest one by the rule of :mod:`mmgb.rate_finder.rate_rule`.

    Args:
        cfg (Config): config as loaded from its file, with an optimizer with a learning rate; it is not changed.
        options (SweepOptions): range and length of the sweeps.
        report (Callable[[int, SweepSuggestion], object]): called after each sweep with the number of its start.

    Raises:
        ConfigError: if an option is outside its range, the config can't be trained, or the loss falls in no sweep.
    """
    check_options(options)
    rates = [float(rate) for rate in np.geomspace(options.lowest, options.highest, options.steps)]
    sweeps, suggestions = [], []
    for start in range(options.starts):
        sweeps.append(sweep_rates(cfg, rates, start, options.batch_size))
        suggestions.append(suggest_rate(rates, sweeps[-1]))
        report(start, suggestions[-1])
    found = [suggestion.rate for suggestion in suggestions if suggestion.rate is not None]
    if not found:
        raise ConfigError(
            f'learning rates from {options.lowest:g} to {options.highest:g}: expected a loss that falls, got none that '
            'falls by more than its noise; use more steps, a larger batch or a wider range'
        )
    return FoundRate(combine(found), rates, sweeps, suggestions)


def check_options(options: SweepOptions) -> None:
    """Raise a ConfigError that names the first option outside its range."""
    if not 0 < options.lowest < options.highest < float('inf'):
        raise ConfigError(
            f'--from={options.lowest:g} --to={options.highest:g}: expected positive numbers, the first below the second'
        )
    for name, least in dict(steps=FEWEST_STEPS, starts=1, batch_size=1).items():
        value = getattr(options, name)
        if value is not None and value < least:
            raise ConfigError(f'--{name.replace("_", "-")}={value}: expected an integer of at least {least}')

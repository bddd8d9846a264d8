"""What several trials say together, and how two settings differ.

Errors are 100 - metric, in percent. A failed trial, one that has diverged say, counts with an error of 100 % in
medians, quartiles and ranks, which can take it; there is none of it in means, best steps and last values.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .rank_test import mann_whitney_p
from .trial import Setting, Trial, best_point

WORST = 100.0


class Estimate(NamedTuple):
    mean: float
    standard_error: float  # NaN of fewer than two values

    def show(self, sign: str = '') -> str:
        """As text; ``sign='+'`` writes the sign of a positive mean."""
        error = '?' if math.isnan(self.standard_error) else f'{self.standard_error:.2f}'
        return f'{self.mean:{sign}.2f} ± {error}'


class Comparison(NamedTuple):
    """Of two settings' minimum errors."""

    difference: Estimate  # of the means, in percent; effects well below its standard error can't be seen
    p: float  # of the Mann-Whitney test, exact and two-sided


def finished(setting: Setting) -> list[Trial]:
    return [trial for trial in setting.trials if trial.failed is None]


def kind_of_failure(trial: Trial) -> str:
    # CheckInvalidLossHook's error; another one need not be the method's fault.
    return 'diverged' if trial.failed.startswith('FloatingPointError') else 'failed'


def count_failures(setting: Setting) -> list[str]:
    """What the failed trials came to, as ``['2 diverged', '1 failed']``."""
    kinds = Counter(kind_of_failure(trial) for trial in setting.trials if trial.failed is not None)
    return [f'{kinds[kind]} {kind}' for kind in ('diverged', 'failed') if kinds[kind]]


def minimum_errors(trials: Sequence[Trial]) -> list[float]:
    """The lowest validation error of each trial, in percent."""
    return [WORST if trial.failed is not None else round(100 - best_point(trial.curve)[1], 4) for trial in trials]


def best_steps(setting: Setting) -> list[int]:
    """The first step with the lowest error, of each finished trial: its point of convergence."""
    return [best_point(trial.curve)[0] for trial in finished(setting)]


def last_values(setting: Setting) -> list[float]:
    """The metric at the end of each finished trial."""
    return [trial.curve[-1][1] for trial in finished(setting)]


def estimate_mean(values: Sequence[float]) -> Estimate:
    """The mean and its standard error, of at least one value."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float('nan')
    return Estimate(statistics.mean(values), error)


def difference_of_means(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Second minus first, with its standard error; NaN if one of them has no value."""
    if not first or not second:
        return Estimate(math.nan, math.nan)
    one, other = estimate_mean(first), estimate_mean(second)
    return Estimate(other.mean - one.mean, math.hypot(one.standard_error, other.standard_error))


def compare(first: Setting, second: Setting) -> Comparison:
    """Second minus first. The difference is NaN if one of them has no finished trial."""
    return Comparison(
        difference_of_means(minimum_errors(finished(first)), minimum_errors(finished(second))),
        mann_whitney_p(minimum_errors(first.trials), minimum_errors(second.trials)),
    )


def error_quartiles(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """The trials' errors at each step: steps (S,), and their lower quartile, median and upper quartile (3, S).

    A trial that stopped early goes on with its last value, and a failed one with :data:`WORST`.
    """
    steps = np.unique([step for trial in setting.trials for step, _ in trial.curve]).astype(int)
    errors = np.full((len(setting.trials), len(steps)), WORST)
    for row, trial in zip(errors, setting.trials):
        for step, value in trial.curve:
            row[steps >= step] = 100 - value
        if trial.failed is not None:
            row[steps > max((step for step, _ in trial.curve), default=-1)] = WORST
    return steps, np.percentile(errors, (25, 50, 75), axis=0)

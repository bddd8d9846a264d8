"""Statistics of several trials, and of the difference between two settings.

An error is 100 - metric, in percent. A failed trial, for example a diverged one, has an error of 100 % in medians,
quartiles and ranks. Means, best steps and last values leave it out.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .rank_test import mann_whitney_p
from .trial import Setting, Trial, best_point
from .welch_test import WelchTest, welch_test

WORST = 100.0  # error of a failed trial, in percent


class Estimate(NamedTuple):
    """A mean and its standard error."""

    mean: float
    standard_error: float  # NaN for fewer than two values

    def show(self, sign: str = '') -> str:
        """Return ``'MEAN ± ERROR'``; ``sign='+'`` also writes the sign of a positive mean."""
        error = '?' if math.isnan(self.standard_error) else f'{self.standard_error:.2f}'
        return f'{self.mean:{sign}.2f} ± {error}'


class Comparison(NamedTuple):
    """Comparison of the minimum errors of two settings.

    Attributes:
        difference: difference of the means of the finished trials, in percent.
        welch: Welch's t-test of the same trials.
        p: p-value of the exact two-sided Mann-Whitney test of all trials.
    """

    difference: Estimate
    welch: WelchTest
    p: float


def finished(setting: Setting) -> list[Trial]:
    """Return the trials that did not fail."""
    return [trial for trial in setting.trials if trial.failed is None]


def kind_of_failure(trial: Trial) -> str:
    """Return 'diverged' for the error of CheckInvalidLossHook, and 'failed' for any other error."""
    return 'diverged' if trial.failed.startswith('FloatingPointError') else 'failed'


def count_failures(setting: Setting) -> list[str]:
    """Return the number of failed trials of each kind, such as ``['2 diverged', '1 failed']``."""
    kinds = Counter(kind_of_failure(trial) for trial in setting.trials if trial.failed is not None)
    return [f'{kinds[kind]} {kind}' for kind in ('diverged', 'failed') if kinds[kind]]


def kind_of_failures(*settings: Setting) -> str:
    """Return 'diverged' if every trial of those settings that have no finished one diverged, else 'failed'."""
    lost = [trial for setting in settings if not finished(setting) for trial in setting.trials]
    return 'diverged' if all(kind_of_failure(trial) == 'diverged' for trial in lost) else 'failed'


def minimum_errors(trials: Sequence[Trial]) -> list[float]:
    """Return the lowest validation error of each trial, in percent."""
    return [WORST if trial.failed is not None else round(100 - best_point(trial.curve)[1], 4) for trial in trials]


def best_steps(setting: Setting) -> list[int]:
    """Return the first step with the lowest error of each finished trial, its point of convergence."""
    return [best_point(trial.curve)[0] for trial in finished(setting)]


def last_values(setting: Setting) -> list[float]:
    """Return the metric at the end of each finished trial."""
    return [trial.curve[-1][1] for trial in finished(setting)]


def estimate_mean(values: Sequence[float]) -> Estimate:
    """Return the mean of at least one value, and its standard error."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float('nan')
    return Estimate(statistics.mean(values), error)


def difference_of_means(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return second minus first with its standard error, NaN if one of them has no value."""
    if not first or not second:
        return Estimate(math.nan, math.nan)
    one, other = estimate_mean(first), estimate_mean(second)
    return Estimate(other.mean - one.mean, math.hypot(one.standard_error, other.standard_error))


def compare(first: Setting, second: Setting) -> Comparison:
    """Compare two settings, second minus first; the difference is NaN if one of them has no finished trial."""
    samples = minimum_errors(finished(first)), minimum_errors(finished(second))
    return Comparison(
        difference_of_means(*samples),
        welch_test(*samples),
        mann_whitney_p(minimum_errors(first.trials), minimum_errors(second.trials)),
    )


def error_quartiles(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Return the quartiles of the trials' errors at each step.

    A trial that stopped early keeps its last error afterwards, a failed one has :data:`WORST`.

    Returns:
        The steps, shape (S,), and the lower quartile, median and upper quartile in percent, shape (3, S).
    """
    steps = np.unique([step for trial in setting.trials for step, _ in trial.curve]).astype(int)
    errors = np.full((len(setting.trials), len(steps)), WORST)
    for row, trial in zip(errors, setting.trials):
        for step, value in trial.curve:
            row[steps >= step] = 100 - value
        if trial.failed is not None:
            row[steps > max((step for step, _ in trial.curve), default=-1)] = WORST
    return steps, np.percentile(errors, (25, 50, 75), axis=0)

"""The learning rate that a sweep suggests, by a rule that needs no unit of the loss.

One step is trained at each of n rising learning rates, from one start; the loss L_i is that of the batch before step i.
The rule, unchanged if a loss is multiplied by a positive number or a number is added:

- *Smoothing*: the running median of 7 losses, which single batches don't move, then the running mean of 5.
- *Start*: the median of the first 7 losses. *Noise*: 1.4826 median(\\|L_{i+1} - L_i\\|) / sqrt(2) up to there.
- *End of a sweep*: a loss or gradient is not finite, or the median of the last 5 losses exceeds the start by three
  times the noise and by as much as the lowest smoothed loss is below it.
- *Suggestion of a sweep*: the geometric mean of two learning rates, that of the lowest smoothed loss and that of the
  steepest descent in the lower half of the way there: the largest fall of the smoothed loss over 7 steps. The loss must
  have fallen there by three times the noise of a smoothed loss.
- *Suggestion*: the geometric mean over several starts, which differ in their weights and in the order of the data.

Other finders smooth one sweep exponentially, which delays it, and suggest the steepest place, a tenth of the lowest
(fastai, PyTorch Lightning), or a point on the longest descent. A sweep falls because of its steps as well as of its
rate. So the steepest place was far below the best learning rate in most of the measured settings (docs/losses.md), and
the lowest far above it for pow3-GB with momentum or AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

WINDOW = 7  # losses of a running median, and of the start
MEAN_WINDOW = 5
RECENT = 5
NOISES = 3.0


class SweepSuggestion(NamedTuple):
    """The suggestion of one sweep.

    Attributes:
        steepest: learning rate of the steepest descent in the lower half, None if the loss has not fallen.
        lowest: learning rate of the lowest smoothed loss, None if the loss has not fallen.
        ended: whether the loss has left its start before or at the last rate. If not, a higher one may be better.
    """

    steepest: float | None
    lowest: float | None
    ended: bool

    @property
    def rate(self) -> float | None:
        """Suggested learning rate, None if the loss has not fallen."""
        return None if self.steepest is None or self.lowest is None else math.sqrt(self.steepest * self.lowest)


def smooth(losses: Sequence[float]) -> np.ndarray:
    """Return the running mean of the running median of losses, which are reflected at both ends."""
    return _running(np.mean, _running(np.median, np.asarray(losses, float), WINDOW), MEAN_WINDOW)


def has_risen(losses: Sequence[float]) -> bool:
    """Return True if a sweep is to end after the last of its losses."""
    if not math.isfinite(losses[-1]):
        return True
    if len(losses) < WINDOW + RECENT:
        return False
    start = median(losses[:WINDOW])
    fallen = max(0.0, start - float(smooth(losses).min()))
    return median(losses[-RECENT:]) > start + fallen + NOISES * noise(losses[:-RECENT])


def noise(losses: Sequence[float]) -> float:
    """Return the standard deviation of a loss between steps, which neither a trend nor single outliers change."""
    return 1.4826 * float(np.median(np.abs(np.diff(losses)))) / math.sqrt(2)


def suggest_rate(rates: Sequence[float], losses: Sequence[float]) -> SweepSuggestion:
    """Return the suggestion of one sweep.

    Args:
        rates (Sequence[float]): learning rate of each step.
        losses (Sequence[float]): loss before each step, at least one; fewer than rates if the sweep has ended early.
    """
    ended = len(losses) < len(rates) or has_risen(losses)
    finite = [loss for loss in losses if math.isfinite(loss)]
    if len(finite) <= WINDOW:
        return SweepSuggestion(None, None, ended)
    smoothed = smooth(finite)
    lowest = int(smoothed.argmin())
    needed = NOISES * noise(finite[: max(lowest, WINDOW)]) / math.sqrt(WINDOW)
    if lowest == 0 or median(finite[:WINDOW]) - smoothed[lowest] <= needed:
        return SweepSuggestion(None, None, ended)
    half = int(np.argmax(smoothed <= (median(finite[:WINDOW]) + smoothed[lowest]) / 2))
    places = np.arange(max(0, half - WINDOW // 2), max(half, lowest - WINDOW) + 1)
    falls = smoothed[places] - smoothed[np.minimum(places + WINDOW, lowest)]
    steepest = min(int(places[falls.argmax()]) + WINDOW // 2, lowest - 1)
    # The loss at a place was measured after the step before it.
    return SweepSuggestion(float(rates[steepest]), float(rates[lowest - 1]), ended)


def combine(rates: Sequence[float]) -> float:
    """Return the geometric mean of the suggestions of several starts."""
    return math.exp(sum(map(math.log, rates)) / len(rates))


def _running(average: Callable[..., np.ndarray], values: np.ndarray, window: int) -> np.ndarray:
    padded = np.pad(values, window // 2, mode='reflect')
    return average(np.lib.stride_tricks.sliding_window_view(padded, window), axis=-1)

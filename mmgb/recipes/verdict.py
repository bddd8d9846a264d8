"""Judge a training by the losses of its first steps.

The rule, with the losses L_1 ... L_n of the optimiser steps:

- *diverges*: some loss or gradient is not finite, or some |L_i| exceeds a hundred times |L_1|, the first loss that is
  not 0.
- *rises*: the median of the last quarter exceeds L_1 or the median of the first quarter, whichever is lower, by more
  than the margin: three standard deviations of the noise between steps, plus 2 % of |L_1|.
- *falls*: it is below L_1 or the median of the first quarter, whichever is higher, by more than the margin.
- *level*: none of these.

The noise is 1.4826 median(\\|L_{i+1} - L_i\\|) / sqrt(2), which neither a trend nor single outliers change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

SPIKE = 100.0
NOISES = 3.0
TOLERANCE = 0.02
FAILING = ('diverges', 'rises')


def diverges(losses: Sequence[float], gradient_norm: float = 0.0) -> bool:
    """Return True if the last loss or its gradient's norm is not finite, or the loss exceeds SPIKE times the first."""
    first = first_loss(losses)
    last = losses[-1]
    return not math.isfinite(last) or not math.isfinite(gradient_norm) or abs(last) > SPIKE * abs(first)


def first_loss(losses: Sequence[float]) -> float:
    """Return the first loss that is not 0, as that of a batch of ignored labels is; 0 if all are."""
    return next((loss for loss in losses if loss), 0.0)


def highest_loss(losses: Sequence[float]) -> float:
    """Return the loss of the largest magnitude, or the first that is NaN."""
    return next((loss for loss in losses if math.isnan(loss)), max(losses, key=abs))


def last_loss(losses: Sequence[float]) -> float:
    """Return the median loss of the last quarter of the steps."""
    return median(losses[-quarter(losses) :])


def quarter(losses: Sequence[float]) -> int:
    """Return the number of steps in a quarter of the training, at least 1."""
    return max(1, len(losses) // 4)


def judge(losses: Sequence[float]) -> str:
    """Return ``'falls'``, ``'level'`` or ``'rises'`` for a training whose losses are all finite.

    Args:
        losses (Sequence[float]): loss of each optimiser step, at least one.
    """
    first, begin, end = first_loss(losses), median(losses[: quarter(losses)]), last_loss(losses)
    allowed = margin(losses)
    if end > min(first, begin) + allowed:
        return 'rises'
    return 'falls' if end < max(first, begin) - allowed else 'level'


def margin(losses: Sequence[float]) -> float:
    """Return the difference between losses that the noise between steps can explain."""
    steps = [abs(after - before) for before, after in zip(losses, losses[1:])]
    noise = 1.4826 * median(steps) / math.sqrt(2) if steps else 0.0
    return NOISES * noise + TOLERANCE * abs(first_loss(losses))

"""Trials of one setting, each with its own seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

NOT_FINITE = 'expected a validation with a finite metric, got none'


class Trial(NamedTuple):
    """The learning curve of one training.

    Attributes:
        seed: random seed of the training.
        curve: (step, metric in percent) of each validation.
        failed: last line of the training's error, or None if it finished with a finite metric.
    """

    seed: int
    curve: Sequence[tuple[int, float]]
    failed: str | None = None


class Setting(NamedTuple):
    """The trials of one setting.

    Attributes:
        metric: name of the metric, which is in percent; larger is better.
        step: unit of the curves' steps, 'epoch' or 'iteration'.
        overrides: {key: value} of the config entries that distinguish this setting from others in its file.
        trials: one trial per seed.
    """

    metric: str
    step: str
    overrides: Mapping[str, object]
    trials: Sequence[Trial]


def drop_non_finite(trial: Trial) -> Trial:
    """Return the trial without validations whose metric is NaN or infinite.

    A finished trial of which none is left has failed, because it has no best validation.
    """
    curve = [(step, value) for step, value in trial.curve if math.isfinite(value)]
    return trial._replace(curve=curve, failed=NOT_FINITE if not curve and trial.failed is None else trial.failed)


def best_point(curve: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """Return ``(step, value)`` of the largest value in a curve of finite values, the first one if several are equal.

    Values are rounded to four decimals first: metrics are computed in float32, so equal accuracies may differ in the
    sixth decimal.
    """
    return max(((step, round(value, 4)) for step, value in curve), key=lambda point: point[1])

"""File format of gradient records: ``GradientStatsHook`` writes them, ``mmgb.analysis.gradients`` reads them.

Scalars go to mmengine's ``vis_data/scalars.json`` under the names ``grad_stats/STATISTIC/MODULE_PATH``. Histograms go
to ``vis_data/gradient_histograms.json``, one JSON object per line with the fields of :class:`DeltaHistogram`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PREFIX = 'grad_stats/'
HISTOGRAM_FILE = 'gradient_histograms.json'

# The statistics. GradientStatsHook documents how each is computed.
ERROR_RMS = 'error_rms'
ACTIVATION_VARIANCE = 'activation_variance'
WEIGHT_GRAD_MEAN = 'weight_grad_mean'
WEIGHT_GRAD_RATIO = 'weight_grad_ratio'
DEAD_RELU_SHARE = 'dead_relu_share'
SATURATED_SHARE = 'saturated_share'
SOFTMAX_NORMALISER_MEAN = 'softmax_normaliser_mean'
SOFTMAX_NORMALISER_SUM = 'softmax_normaliser_sum'


class DeltaHistogram(NamedTuple):
    """Histogram of the output deltas of one loss in one iteration.

    Attributes:
        step (int): iteration, from 1.
        epoch (int): epoch, from 1.
        batch (int): batch of the epoch, from 1; in iteration-based training, batch of the run.
        loss (str): module path of the loss.
        edges (list[float]): ascending bin edges.
        counts (list[int]): number of deltas per bin, one fewer than ``edges``.
        not_finite (int): number of deltas that are NaN or infinite.
    """

    step: int
    epoch: int
    batch: int
    loss: str
    edges: list[float]
    counts: list[int]
    not_finite: int


def scalar_name(statistic: str, path: str) -> str:
    """Return the name under which ``statistic`` of the module at ``path`` is logged."""
    return f'{PREFIX}{statistic}/{path}'


def parse_scalar_name(name: str) -> tuple[str, str] | None:
    """Return ``(statistic, module path)`` of a logged scalar's name, or None if it isn't a gradient statistic."""
    if not name.startswith(PREFIX):
        return None
    statistic, _, path = name[len(PREFIX) :].partition('/')
    return statistic, path


def append_histograms(folder: str | Path, histograms: Iterable[DeltaHistogram]) -> None:
    """Append one line per histogram to ``folder/gradient_histograms.json``; create missing folders.

    Read a line back with ``DeltaHistogram(**json.loads(line))``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / HISTOGRAM_FILE, 'a', encoding='utf-8') as file:
        file.writelines(json.dumps(histogram._asdict()) + '\n' for histogram in histograms)

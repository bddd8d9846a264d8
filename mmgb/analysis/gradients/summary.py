"""Recorded gradients of one run as numbers for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mmgb.utils.gradient_records import (
    ERROR_RMS,
    SOFTMAX_NORMALISER_MEAN,
    SOFTMAX_NORMALISER_SUM,
    WEIGHT_GRAD_MEAN,
    WEIGHT_GRAD_RATIO,
    DeltaHistogram,
)

from .records import Curve

LAYER_STATISTICS = ERROR_RMS, WEIGHT_GRAD_MEAN, WEIGHT_GRAD_RATIO
NORMALISERS = {'mean': SOFTMAX_NORMALISER_MEAN, 'sum': SOFTMAX_NORMALISER_SUM}
OUTSIDE = 0.01  # largest share of deltas outside the middle range, on each side


def summarise_run(
    stats: Mapping[str, Mapping[str, Curve]],
    histograms: Sequence[DeltaHistogram],
    moments: Mapping[str, Sequence[DeltaHistogram]],
) -> dict:
    """Return the numbers behind a run's figures. Values that are non-finite or unknown are None.

    Args:
        stats (Mapping): curves by statistic and module path, see
            :func:`~mmgb.analysis.gradients.records.read_gradient_stats`.
        histograms (Sequence[DeltaHistogram]): all histograms of the run. They tell which epoch an iteration belongs to;
            without them no epoch is known, and all entries except ``deltas`` are empty.
        moments (Mapping): name (``'epoch 1'``) to the histograms whose ranges are wanted.

    Returns:
        dict: a summary with these keys.

        - ``epochs``: first and last epoch with a record; in iteration-based training the run is one epoch.
        - ``error_rms``, ``weight_grad_mean``, ``weight_grad_ratio``: for each layer, in the order of the forward pass,
          the means over the records of the first and of the last epoch, and the ratio of the two.
        - ``softmax_normaliser``: for each loss, as mean over the samples and as sum over the batch, the first record
          and the mean over the records of the last epoch.
        - ``deltas``: for each moment and loss the result of :func:`delta_range`.
    """
    epoch_of = {histogram.step: histogram.epoch for histogram in histograms}
    summary = dict(
        epochs=[],
        **{statistic: {} for statistic in LAYER_STATISTICS},
        softmax_normaliser={},
        deltas={
            moment: {histogram.loss: delta_range(histogram) for histogram in found} for moment, found in moments.items()
        },
    )
    if not epoch_of:
        return summary
    first, last = summary['epochs'] = [min(epoch_of.values()), max(epoch_of.values())]
    for statistic in LAYER_STATISTICS:
        for layer, curve in stats.get(statistic, {}).items():
            at_first, at_last = (_epoch_mean(curve, epoch_of, epoch) for epoch in (first, last))
            summary[statistic][layer] = dict(first=at_first, last=at_last, last_over_first=ratio(at_last, at_first))
    for kind, statistic in NORMALISERS.items():
        for loss, curve in stats.get(statistic, {}).items():
            summary['softmax_normaliser'].setdefault(loss, {})[kind] = dict(
                first_record=_finite(curve[0][1]), last_epoch=_epoch_mean(curve, epoch_of, last)
            )
    return summary


def delta_range(histogram: DeltaHistogram) -> dict:
    """Return the range of the finite deltas and the range of their middle 98 %.

    Both are pairs of bin edges. ``range`` is exact unless ignored pixels or equal deltas widened the histogram.
    ``middle_98_percent`` leaves out at most 1 % on each side and may be too wide by one bin, 1/200 of the histogram.

    Returns:
        dict: ``range``, ``middle_98_percent`` (both None without a finite delta) and ``not_finite``, the number of NaN
        and infinite deltas.
    """
    counts = np.asarray(histogram.counts)
    ranges = {}
    for name, outside in (('range', 0.0), ('middle_98_percent', OUTSIDE)):
        allowed = outside * counts.sum()
        low, high = (np.flatnonzero(np.cumsum(found) > allowed) for found in (counts, counts[::-1]))
        ranges[name] = [histogram.edges[low[0]], histogram.edges[-1 - high[0]]] if len(low) else None
    return dict(ranges, not_finite=histogram.not_finite)


def ratio(value: float | None, base: float | None) -> float | None:
    """Return ``value / base``; None if a number is unknown or the base is 0."""
    return None if value is None or not base else value / base


def _epoch_mean(curve: Curve, epoch_of: Mapping[int, int], epoch: int) -> float | None:
    """Return the mean of the epoch's values; None if there are none or one is non-finite."""
    values = [value for step, value in curve if epoch_of.get(step) == epoch]
    return _finite(math.fsum(values) / len(values)) if values and all(map(math.isfinite, values)) else None


def _finite(value: float) -> float | None:
    """Return ``value``, or None if it is NaN or infinite, which JSON lacks."""
    return value if math.isfinite(value) else None

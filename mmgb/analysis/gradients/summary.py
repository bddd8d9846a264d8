"""Figures 2, 3 and 5 of *Be Careful What You Backpropagate* and Figure 1 of *Relay Backpropagation* as numbers, and the
tables that compare runs by them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.markdown import table

from .records import Curve, DeltaHistogram

LAYER_STATISTICS = 'error_rms', 'weight_grad_mean', 'weight_grad_ratio'
OUTSIDE = 0.01  # share of the deltas that may lie on each side of the middle range


def summarise_run(
    stats: Mapping[str, Mapping[str, Curve]],
    histograms: Sequence[DeltaHistogram],
    moments: Mapping[str, Sequence[DeltaHistogram]],
) -> dict:
    """What JSON can hold of one run; None in it is a number that isn't finite.

    ``epochs``: the first and the last one with a record. ``error_rms``, ``weight_grad_mean``, ``weight_grad_ratio``: of
    each layer, in the order in which they run, the mean over the records of the first and of the last of them, and the
    ratio of the two.
    ``softmax_normaliser``: of each loss, as mean over the samples and as sum over the batch, the first record and the
    mean over the records of the last epoch. ``deltas``: of each moment and loss, see :func:`delta_range`.

    Args:
        stats: as :func:`~mmgb.analysis.gradients.records.read_gradient_stats` reads them.
        histograms: of the same run; they alone say to which epoch an iteration belongs, so that without them nothing is
            known by epoch. A run that isn't counted in epochs is one epoch.
        moments: name (``'epoch 1'``) to those of the histograms whose ranges are wanted.
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
            summary[statistic][layer] = dict(first=at_first, last=at_last, last_over_first=_ratio(at_last, at_first))
    for kind in ('mean', 'sum'):
        for loss, curve in stats.get(f'softmax_normaliser_{kind}', {}).items():
            summary['softmax_normaliser'].setdefault(loss, {})[kind] = dict(
                first_record=_finite(curve[0][1]), last_epoch=_epoch_mean(curve, epoch_of, last)
            )
    return summary


def delta_range(histogram: DeltaHistogram) -> dict:
    """Of the finite deltas: ``range`` holds all of them, ``middle_98_percent`` all but at most 1 % on each side.

    Both are edges of bins. So the first is the smallest and the largest delta, unless ignored pixels or equal deltas
    have made the histogram wider; the second may be too wide by a bin, 1/200 of the histogram. None without a finite
    delta.
    """
    counts = np.asarray(histogram.counts)
    ranges = {}
    for name, outside in (('range', 0.0), ('middle_98_percent', OUTSIDE)):
        allowed = outside * counts.sum()
        low, high = (np.flatnonzero(np.cumsum(found) > allowed) for found in (counts, counts[::-1]))
        ranges[name] = [histogram.edges[low[0]], histogram.edges[-1 - high[0]]] if len(low) else None
    return dict(ranges, not_finite=histogram.not_finite)


def gradient_table(runs: Mapping[str, dict]) -> str:
    """Markdown with one row a run, of what :func:`summarise_run` found; several losses are separated by ' / '.

    Hidden are all layers but the one that runs last. RMS is the median over them, in the first epoch, beside it its
    ratio to the first run's; last / first epoch is the median of their ratios, left out of a run of one epoch. Deltas
    are those of the first moment. The softmax normaliser s is the mean over the samples. '?' isn't recorded or isn't
    finite.

    Raises:
        ValueError: without a run.
    """
    if not runs:
        raise ConfigError('runs={}: expected one at least')
    first_name, first = next(iter(runs.items()))
    moment = next((moment for run in runs.values() for moment in run['deltas']), 'first batch')
    base = _median(_hidden(first, 'first'))
    rows = []
    for name, run in runs.items():
        rms = _median(_hidden(run, 'first'))
        several = len(set(run['epochs'])) > 1
        normalisers = [found['mean'] for found in run['softmax_normaliser'].values() if 'mean' in found]
        rows.append(
            [
                name,
                _show(rms, '.3g'),
                _show(_ratio(rms, base), '.3g'),
                _show(_median(_hidden(run, 'last_over_first')), '.3g') if several else '',
                *(
                    ' / '.join(_show_range(found[kind]) for found in run['deltas'].get(moment, {}).values())
                    for kind in ('range', 'middle_98_percent')
                ),
                *(
                    ' / '.join(_show(found[kind], ',.4g') for found in normalisers)
                    for kind in ('first_record', 'last_epoch')
                ),
            ]
        )
    return table(
        [
            '',
            'RMS of hidden layers, first epoch',
            f'/ {first_name}',
            'RMS, last / first epoch',
            f'output deltas, {moment}',
            'of these, middle 98 %',
            's, first batch',
            's, last epoch',
        ],
        rows,
    )


def weight_gradient_table(runs: Mapping[str, dict]) -> str:
    """Markdown with one row a run, of what :func:`summarise_run` found of the weights' gradients.

    'a / b' are the medians over the lower and over the upper half of the hidden layers (the lower has the middle one):
    of mean |gradient|, then of its ratio to mean |weight|, each in the first and in the last epoch. '?' as in
    :func:`gradient_table`.
    """
    columns = [(statistic, when) for statistic in LAYER_STATISTICS[1:] for when in ('first', 'last')]
    rows = []
    for name, run in runs.items():
        cells = []
        for statistic, when in columns:
            values = _hidden(run, when, statistic)
            middle = -(-len(values) // 2)
            cells.append(' / '.join(_show(_median(half), '.3g') for half in (values[:middle], values[middle:])))
        rows.append([name, *cells])
    return table(
        [
            'lower / upper half of the hidden layers',
            *(
                f'{what}, {when} epoch'
                for what in ('mean abs. gradient', 'relative to mean abs. weight')
                for when in ('first', 'last')
            ),
        ],
        rows,
    )


def _epoch_mean(curve: Curve, epoch_of: Mapping[int, int], epoch: int) -> float | None:
    values = [value for step, value in curve if epoch_of.get(step) == epoch]
    return _finite(math.fsum(values) / len(values)) if values and all(map(math.isfinite, values)) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _hidden(run: dict, key: str, statistic: str = 'error_rms') -> list[float | None]:
    return [layer[key] for layer in list(run[statistic].values())[:-1]]


def _median(values: Sequence[float | None]) -> float | None:
    """None unless all are numbers."""
    return float(np.median(values)) if values and None not in values else None


def _show(value: float | None, digits: str) -> str:
    return '?' if value is None else f'{value:{digits}}'


def _show_range(limits: Sequence[float] | None) -> str:
    return '?' if limits is None else f'{limits[0]:.3g} to {limits[1]:.3g}'

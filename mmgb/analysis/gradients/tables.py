"""Markdown tables that compare the recorded gradients of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.gradient_records import ERROR_RMS, WEIGHT_GRAD_MEAN, WEIGHT_GRAD_RATIO
from mmgb.utils.markdown import table

from .summary import ratio


def gradient_table(runs: Mapping[str, dict]) -> str:
    """Return a Markdown table with one row per run: error gradients, output deltas and the softmax normaliser s.

    All layers except the last one of the forward pass count as hidden. The RMS is the median over the hidden layers in
    the first epoch, followed by its ratio to the first run's. "last / first epoch" is the median of the layers' ratios,
    empty if the run has one epoch. Deltas are those of the first moment, s is the mean over the samples. Several losses
    of a run are separated by ' / '. '?' marks a value that wasn't recorded or is non-finite.

    Args:
        runs (Mapping[str, dict]): name to result of :func:`~mmgb.analysis.gradients.summary.summarise_run`.

    Raises:
        ConfigError: if there is no run.
    """
    if not runs:
        raise ConfigError('runs={}: expected at least one run')
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
                _show(ratio(rms, base), '.3g'),
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
    """Return a Markdown table with one row per run: weight gradients in the first and in the last epoch.

    Columns are the mean |gradient| and its ratio to the mean |weight|. A cell 'a / b' has the medians over the lower
    and the upper half of the hidden layers; the lower half includes the middle layer. '?' marks a value that wasn't
    recorded or is non-finite.

    Args:
        runs (Mapping[str, dict]): name to result of :func:`~mmgb.analysis.gradients.summary.summarise_run`.
    """
    columns = [(statistic, when) for statistic in (WEIGHT_GRAD_MEAN, WEIGHT_GRAD_RATIO) for when in ('first', 'last')]
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


def _hidden(run: dict, key: str, statistic: str = ERROR_RMS) -> list[float | None]:
    """Return one entry of each layer's statistic, without the layer that runs last."""
    return [layer[key] for layer in list(run[statistic].values())[:-1]]


def _median(values: Sequence[float | None]) -> float | None:
    """Return the median, or None if there are no values or one is unknown."""
    return float(np.median(values)) if values and None not in values else None


def _show(value: float | None, digits: str) -> str:
    """Format a number, or '?' if it is unknown."""
    return '?' if value is None else f'{value:{digits}}'


def _show_range(limits: Sequence[float] | None) -> str:
    """Format a range as 'low to high', or '?' if it is unknown."""
    return '?' if limits is None else f'{limits[0]:.3g} to {limits[1]:.3g}'

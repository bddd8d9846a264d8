"""Choose which of the recorded curves and histograms a figure shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mmgb.functional.errors import ConfigError
from mmgb.utils.gradient_records import DeltaHistogram

from .records import Curve

Stats = Mapping[str, Mapping[str, Curve]]  # statistic -> module path -> curve


class RecordedRun(NamedTuple):
    """Everything that the hook recorded in one run.

    Attributes:
        stats (Stats): result of :func:`~mmgb.analysis.gradients.records.read_gradient_stats`.
        histograms (list[DeltaHistogram]): result of :func:`~mmgb.analysis.gradients.records.read_delta_histograms`.
    """

    stats: Stats
    histograms: list[DeltaHistogram]


def with_statistics(runs: Mapping[str, RecordedRun], *statistics: str) -> dict[str, tuple[Mapping[str, Curve], ...]]:
    """Return the runs that recorded all of ``statistics``: name to one mapping from module path to curve for each."""
    return {
        name: tuple(run.stats[statistic] for statistic in statistics)
        for name, run in runs.items()
        if all(statistic in run.stats for statistic in statistics)
    }


def choose_layers(curves: Iterable[Mapping[str, Curve]], layers: Sequence[str] | None) -> list[str]:
    """Return ``layers``, or by default every second recorded layer, counted back from the last one.

    Args:
        curves (Iterable[Mapping[str, Curve]]): layer to curve, for each run.
        layers (Sequence[str] | None): value of ``--layers``.

    Raises:
        ConfigError: if no run recorded one of ``layers``.
    """
    recorded = list(dict.fromkeys(layer for found in curves for layer in found))
    unknown = [layer for layer in layers or () if layer not in recorded]
    if unknown:
        raise ConfigError(f'--layers {unknown[0]}: expected recorded layers: {", ".join(recorded)}')
    return list(layers or recorded[::-1][::2][::-1])


def choose_histograms(
    runs: Mapping[str, RecordedRun], epochs: Sequence[int], iterations: Sequence[int] | None
) -> dict[str, dict[str, list[DeltaHistogram]]]:
    """Return the histograms at the chosen moments, of the runs that have some.

    Args:
        runs (Mapping[str, RecordedRun]): name to run.
        epochs (Sequence[int]): value of ``--epochs``; the histograms of each epoch's first batch are chosen.
        iterations (Sequence[int] | None): value of ``--iterations``; if it isn't None, ``epochs`` is ignored.

    Returns:
        dict: name to moment (``'epoch 1'`` or ``'iteration 1'``) to histograms, one per loss.

    Raises:
        ConfigError: if there are histograms, but none at these moments.
    """
    recorded = [histogram for run in runs.values() for histogram in run.histograms]
    if iterations is None:
        option, unit, chosen = '--epochs', 'epoch', epochs
    else:
        option, unit, chosen = '--iterations', 'iteration', iterations

    def moment(histogram: DeltaHistogram) -> int:
        return histogram.epoch if iterations is None else histogram.step

    found: dict[str, dict[str, list[DeltaHistogram]]] = {}
    for name, run in runs.items():
        for histogram in run.histograms:
            if moment(histogram) in chosen and (iterations is not None or histogram.batch == 1):
                found.setdefault(name, {}).setdefault(f'{unit} {moment(histogram)}', []).append(histogram)
    if recorded and not found:
        raise ConfigError(
            f'{option} {" ".join(map(str, chosen))}: expected {unit}s with recorded histograms: '
            f'{", ".join(map(str, sorted(set(map(moment, recorded)))))}'
        )
    return found

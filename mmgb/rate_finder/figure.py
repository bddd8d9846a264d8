"""Figure of the sweeps of a learning-rate finder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from .rate_rule import SweepSuggestion, smooth

ABOVE_START = 0.5  # part of the descent that is shown above the highest start


def sweep_figure(
    title: str,
    rates: Sequence[float],
    sweeps: Sequence[Sequence[float]],
    found: Sequence[SweepSuggestion],
    suggestion: float,
    configured: float,
) -> Figure:
    """Draw the losses of each start, their smoothed curves, and the suggested learning rate.

    Args:
        title (str): title of the figure.
        rates (Sequence[float]): learning rates of the steps.
        sweeps (Sequence[Sequence[float]]): losses of each start.
        found (Sequence[SweepSuggestion]): suggestion of each start.
        suggestion (float): suggested learning rate.
        configured (float): learning rate of the config.
    """
    figure = Figure(figsize=(7, 4.5), dpi=110, layout='constrained')
    axes = figure.add_subplot()
    lowest, highest = np.inf, -np.inf
    for start, (losses, own) in enumerate(zip(sweeps, found)):
        finite = np.array(losses, float)[np.isfinite(np.array(losses, float))]
        smoothed, used = smooth(finite), rates[: len(finite)]
        (line,) = axes.plot(used, smoothed, label=f'start {start}')
        axes.plot(used, finite, '.', markersize=3, alpha=0.4, color=line.get_color())
        if own.rate is not None:
            at = np.interp(np.log(own.rate), np.log(used), smoothed)
            axes.plot(own.rate, at, 'o', color=line.get_color())
        lowest, highest = min(lowest, smoothed.min()), max(highest, finite[: len(finite) // 4 + 1].max())
    axes.axvline(suggestion, color='black', label=f'suggestion {suggestion:.2g}')
    axes.axvline(configured, color='black', linestyle=':', label=f'config {configured:.2g}')
    margin = highest - lowest
    axes.set(
        xscale='log',
        ylim=(lowest - 0.1 * margin, highest + ABOVE_START * margin),
        xlabel='learning rate of the step',
        ylabel='training loss of the batch',
        title=title,
    )
    axes.grid(alpha=0.3)
    axes.legend()
    return figure

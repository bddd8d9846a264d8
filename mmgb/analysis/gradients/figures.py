"""Figures of recorded gradients.

They correspond to Figures 2, 3 and 5 of *Be Careful What You Backpropagate* and to Figure 1 of *Relay Backpropagation*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmgb.utils.gradient_records import DeltaHistogram

from .records import Curve

COLUMNS = 4  # largest number of panels in a row of rms_figure
LINES = 6  # number of iterations in a panel of weight_gradient_figure


def rms_figure(runs: Mapping[str, Mapping[str, Curve]], layers: Sequence[str]) -> Figure:
    """Draw the RMS of the error gradients over the iterations: one panel per layer, one line per run.

    The vertical axis is logarithmic. A line has a gap where the RMS is 0 (for example if all units above are dead) or
    non-finite.

    Args:
        runs (Mapping[str, Mapping[str, Curve]]): name to layer to curve.
        layers (Sequence[str]): layers to draw; each must be recorded in at least one run.
    """
    columns = min(COLUMNS, len(layers))
    rows = -(-len(layers) // columns)
    figure = Figure(figsize=(3 * columns + 0.6, 2.4 * rows + 0.6), dpi=110, layout='constrained')
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, layer in zip(grid.flat, layers):
        for index, (name, curves) in enumerate(runs.items()):
            if layer in curves:
                _draw(axes, curves[layer], color=f'C{index}', label=name)
        axes.set_title(layer, fontsize=9)
        _over_iterations(axes)
    for axes in grid.flat[len(layers) :]:
        axes.axis('off')
    figure.supylabel('RMS of ∂loss/∂output')
    _legend(figure, grid.flat[: len(layers)])
    return figure


def histogram_figure(runs: Mapping[str, Mapping[str, Sequence[DeltaHistogram]]]) -> Figure:
    """Draw histograms of the output deltas: one row per moment, one column per run, one filled step curve per loss.

    The height of a bin is its share of the deltas. It is logarithmic so that rare large deltas stay visible.

    Args:
        runs (Mapping): name to moment (``'epoch 1'``) to histograms, one per loss.
    """
    moments = list(dict.fromkeys(moment for found in runs.values() for moment in found))
    figure = Figure(figsize=(3.4 * len(runs) + 0.6, 2.4 * len(moments) + 0.4), dpi=110, layout='constrained')
    grid = figure.subplots(len(moments), len(runs), sharex='col', squeeze=False)
    for row, moment in zip(grid, moments):
        for axes, (name, found) in zip(row, runs.items()):
            axes.set_title(f'{name}, {moment}', fontsize=9)
            if not any(sum(histogram.counts) for histogram in found.get(moment, ())):
                axes.axis('off')
                continue
            totals = [sum(histogram.counts) for histogram in found[moment]]
            axes.set_yscale('log')
            axes.set_ylim(0.5 / max(totals), 1.5)  # from half the share of one delta to more than all
            for index, (histogram, total) in enumerate(zip(found[moment], totals)):
                # An edge keeps a single bin visible if other panels of its column have a much wider range.
                axes.stairs(
                    np.array(histogram.counts) / max(total, 1),
                    histogram.edges,
                    fill=True,
                    alpha=0.6,
                    color=f'C{index}',
                    edgecolor=f'C{index}',
                    linewidth=0.8,
                    baseline=0.5 / max(totals),
                    label=histogram.loss,
                )
            axes.tick_params(labelbottom=True)
            axes.grid(alpha=0.3)
            if len(found[moment]) > 1:
                axes.legend(fontsize=7)
    figure.supxlabel('output delta of a sample and class')
    figure.supylabel('share of the deltas in a bin')
    return figure


def normaliser_figure(runs: Mapping[str, tuple[Mapping[str, Curve], Mapping[str, Curve]]]) -> Figure:
    """Draw the softmax normaliser over the iterations: its mean over the samples and its sum over the batch.

    Args:
        runs (Mapping): name to two mappings from loss to curve, of the means and of the sums.
    """
    figure = Figure(figsize=(8.4, 3.4), dpi=110, layout='constrained')
    grid = figure.subplots(1, 2)
    for part, (axes, title) in enumerate(zip(grid, ('mean over the samples', 'sum over the batch'))):
        for index, (name, parts) in enumerate(runs.items()):
            for style, (loss, curve) in zip(('-', '--', ':', '-.') * len(parts[part]), parts[part].items()):
                label = f'{name}, {loss}' if len(parts[part]) > 1 else name
                _draw(axes, curve, color=f'C{index}', linestyle=style, label=label)
        axes.set_title(title, fontsize=9)
        _over_iterations(axes)
    figure.supylabel('s = Σ exp(x)')
    _legend(figure, grid)
    return figure


def weight_gradient_figure(runs: Mapping[str, tuple[Mapping[str, Curve], Mapping[str, Curve]]]) -> Figure:
    """Draw the mean |gradient| of each layer's weights and its ratio to the mean |weight|.

    Each run has a row of two panels with one line for each of up to six iterations, from dark (early) to light.

    Args:
        runs (Mapping): name to two mappings from layer to curve, of the means and of the ratios.
    """
    figure = Figure(figsize=(9.6, 3 * len(runs) + 0.6), dpi=110, layout='constrained')
    grid = figure.subplots(len(runs), 2, sharex='row', squeeze=False)
    for row, (name, parts) in zip(grid, runs.items()):
        layers = list(parts[0])
        steps = sorted({step for curve in parts[0].values() for step, _ in curve})
        chosen = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, LINES).round().astype(int))]
        for axes, curves, title in zip(row, parts, ('mean |gradient|', 'mean |gradient| / mean |weight|')):
            for step, colour in zip(chosen, colormaps['viridis'](np.linspace(0, 0.85, len(chosen)))):
                values = [_positive(dict(curves[layer]).get(step, np.nan)) for layer in layers]
                axes.plot(
                    range(1, len(layers) + 1), values, marker='o', markersize=3, color=colour, label=f'iteration {step}'
                )
            axes.set_title(f'{name}: {title}', fontsize=9)
            axes.set_yscale('log')
            axes.set_xlabel('layer, from the input')
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
        row[1].legend(fontsize=7, loc='center left', bbox_to_anchor=(1, 0.5))
    return figure


def _draw(axes: Axes, curve: Curve, **style) -> None:
    """Plot a curve with gaps where a logarithmic axis has no value."""
    axes.plot(
        [step for step, _ in curve],
        [_positive(value) for _, value in curve],
        marker='.',
        markersize=4,
        linewidth=1,
        **style,
    )


def _positive(value: float) -> float:
    """Return ``value`` if a logarithmic axis can show it, else NaN, which leaves a gap."""
    return value if 0 < value < np.inf else np.nan


def _over_iterations(axes: Axes) -> None:
    """Set up axes for positive values over iterations."""
    axes.set_yscale('log')
    axes.set_xlabel('iteration', fontsize=8)
    axes.tick_params(labelbottom=True)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(alpha=0.3)


def _legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Draw one legend for all panels above them."""
    entries = {}
    for axes in panels:
        entries.update({label: line for line, label in zip(*axes.get_legend_handles_labels())})
    figure.legend(entries.values(), entries.keys(), loc='outside upper center', ncols=min(4, len(entries)), fontsize=8)

"""Figure of second derivatives as functions of one output, with the output densities of trained networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .boosted_loss_statements import EXP_GB, POW3_GB
from .hessians import squared_error_hessians
from .loss_curvature import cross_entropy_curvature, formula_curvature

CLASSES = 10  # number of outputs if there is no network; all but x are at 0
RANGE = (-6.0, 6.0)  # smallest interval of x to draw
CURVES = {'pow3': 'C3', 'exp': 'C1', 'softmax': 'C0', 'linear': 'C2'}
PAPERS = {
    'exp-GB, alpha 0.1': (EXP_GB, 'C1'),
    'pow3-GB, alpha 0.001': (POW3_GB, 'C3'),
}


def curvature_figure(networks: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """Draw one row of two panels per network.

    The left panel has the paper's four Hessians with t = 1 (dashed: their first terms), the right one the second
    derivatives of the boosted losses and of cross-entropy. Behind them are the densities of the target-class outputs
    and of the other outputs. All softmax curves have two outputs: x, and one constant with exp(constant) equal to the
    median sum of exp over the network's non-target outputs.

    Args:
        networks (Mapping[str, tuple[Tensor, Tensor]]): name to scores (N, C) and labels (N) on the CPU. If empty, one
            row without densities is drawn.
    """
    rows: list[tuple[str, tuple[Tensor, Tensor] | None]] = list(networks.items()) or [('', None)]
    figure = Figure(figsize=(11, 3.6 * len(rows) + 0.3), dpi=110, layout='constrained')
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for (left, right), (name, outputs) in zip(grid, rows):
        low, high, others = RANGE[0], RANGE[1], float(np.log(CLASSES - 1))
        if outputs is not None:
            low, high, others = _span(*outputs)
        x = torch.linspace(low, high, 801, dtype=torch.float64)
        pair = torch.stack([x, torch.full_like(x, others)], 1)
        _squared_error(left, x, pair)
        _boosted(right, x, pair)
        for axes, title in (
            (left, 'squared error, t = 1 (dashed: first term)'),
            (right, 'boosted losses and cross-entropy'),
        ):
            axes.set_title(f'{name}: {title}' if name else title, fontsize=10)
            axes.set_xlabel('output x')
            axes.set_xlim(low, high)
            axes.grid(alpha=0.3)
            if outputs is not None:
                _densities(axes, *outputs, low, high)
    figure.supylabel('second derivative of the loss by x')
    entries = {label: line for axes in figure.axes for line, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(entries.values(), entries.keys(), loc='outside upper center', ncols=5, fontsize=8)
    return figure


def _span(scores: Tensor, labels: Tensor) -> tuple[float, float, float]:
    """Return the interval of x that holds 99.8 % of the scores, and the log of the median non-target sum of exp."""
    low, high = np.percentile(scores.numpy(), (0.1, 99.9))
    others = scores.scatter(1, labels[:, None], -torch.inf).logsumexp(1).median().item()
    return min(low, RANGE[0]), max(high, RANGE[1]), others


def _squared_error(axes: Axes, x: Tensor, pair: Tensor) -> None:
    """Draw the paper's four Hessians over ``x``; ``pair`` (N, 2) has x and the constant other output."""
    hessians = squared_error_hessians(pair, torch.ones_like(pair))
    for name, colour in CURVES.items():
        axes.plot(x, hessians[name].total[:, 0], color=colour, label=f'H_{name}')
        axes.plot(x, hessians[name].first[:, 0], color=colour, linestyle='--', linewidth=0.8)
    axes.set_yscale('symlog', linthresh=1)
    axes.yaxis.get_major_locator().set_params(numticks=9)


def _boosted(axes: Axes, x: Tensor, pair: Tensor) -> None:
    """Draw the second derivatives of the boosted losses and of cross-entropy."""
    for name, (formula, colour) in PAPERS.items():
        axes.plot(x, formula_curvature(formula, x, torch.zeros_like(x)), color=colour, label=name)
    axes.plot(x, cross_entropy_curvature(pair, pair)[:, 0], color='C0', label='cross-entropy: y(1 - y)')
    axes.axhline(1, color='C0', linestyle=':', label='cross-entropy as in the paper: 1')
    axes.set_yscale('log')
    axes.set_ylim(1e-4, None)


def _densities(axes: Axes, scores: Tensor, labels: Tensor, low: float, high: float) -> None:
    """Draw the densities of the target-class outputs and of the other outputs behind the curves."""
    behind = axes.twinx()
    right = torch.zeros_like(scores, dtype=torch.bool).scatter(1, labels[:, None], True)
    for name, chosen, colour in (('wrong classes', ~right, '0.75'), ('right class', right, 'C4')):
        density, edges = np.histogram(scores[chosen].numpy(), bins=80, range=(low, high), density=True)
        behind.stairs(density, edges, fill=True, color=colour, alpha=0.45, label=f'outputs, {name}')
    behind.set_yticks([])
    axes.set_zorder(behind.get_zorder() + 1)  # draw the curves in front
    axes.patch.set_visible(False)

"""The figure of a sweep shows every start and both rates."""

import math

import numpy as np

from mmgb.rate_finder.figure import sweep_figure
from mmgb.rate_finder.rate_rule import suggest_rate


def test_a_sweep_with_a_loss_that_is_not_finite_is_drawn():
    rates = np.geomspace(1e-3, 10, 40)
    falls = [*np.linspace(2, 1, 30), math.nan]
    level = [2.0] * 40
    found = [suggest_rate(rates, losses) for losses in (falls, level)]
    figure = sweep_figure('a config', rates, [falls, level], found, 0.1, 0.05)
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ['start 0', 'start 1', 'suggestion 0.1', 'config 0.05']
    low, high = axes.get_ylim()
    assert low < 1 and high > 2 and math.isfinite(high) and axes.get_xscale() == 'log'

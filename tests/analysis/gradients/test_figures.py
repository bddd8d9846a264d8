"""Curves and bars in the figures of recorded gradients."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mmgb.analysis.gradients.figures import histogram_figure, normaliser_figure, rms_figure, weight_gradient_figure
from mmgb.utils.gradient_records import DeltaHistogram

FALLING = [(1, 4.0), (2, 2.0), (3, 1.0)]
RISING = [(1, 1.0), (2, 3.0), (3, 9.0)]
HISTOGRAM = DeltaHistogram(1, 1, 1, 'head.loss', [-1.0, 0.0, 2.0], [1, 3], 0)


def lines(axes):
    return [line.get_xydata().tolist() for line in axes.get_lines()]


def as_lists(*curves):
    return [[list(point) for point in curve] for curve in curves]


def test_each_layer_has_a_logarithmic_panel_with_one_line_per_run_that_recorded_it():
    runs = {'first': {'conv': FALLING, 'fc': RISING}, 'second': {'conv': RISING}}
    conv, fc = rms_figure(runs, ['conv', 'fc']).axes
    assert (conv.get_title(), fc.get_title()) == ('conv', 'fc')
    assert conv.get_yscale() == fc.get_yscale() == 'log'
    assert lines(conv) == as_lists(FALLING, RISING) and lines(fc) == as_lists(RISING)


def test_values_that_a_logarithmic_axis_cannot_show_leave_a_gap():
    (panel,) = rms_figure({'run': {'layer': [(1, 2.0), (2, 0.0), (3, float('inf')), (4, 3.0)]}}, ['layer']).axes
    assert np.array_equal(np.array(lines(panel)[0])[:, 1], [2, np.nan, np.nan, 3], equal_nan=True)


def test_bars_are_the_shares_of_the_deltas_in_each_bin():
    other = HISTOGRAM._replace(edges=[0.0, 1.0, 5.0], counts=[5, 0])
    panels = histogram_figure({'run': {'epoch 1': [HISTOGRAM], 'iteration 8': [other]}}).axes
    assert [axes.get_title() for axes in panels] == ['run, epoch 1', 'run, iteration 8']
    for axes, edges, shares in zip(panels, (HISTOGRAM.edges, other.edges), ([0.25, 0.75], [1, 0])):
        values, drawn_edges, _ = axes.patches[0].get_data()
        assert drawn_edges.tolist() == edges and values.tolist() == shares


def test_a_narrow_bin_stays_visible_if_another_panel_of_its_column_has_a_wide_range():
    narrow = HISTOGRAM._replace(edges=[0.0, 1.0], counts=[6])
    figure = histogram_figure({'run': {'epoch 1': [narrow], 'epoch 2': [narrow._replace(edges=[-1e5, 1e5])]}})
    left, bottom, right, top = figure.axes[0].get_window_extent().extents.round().astype(int)
    FigureCanvasAgg(figure).draw()
    red, green, blue = np.moveaxis(np.asarray(figure.canvas.buffer_rgba())[::-1][bottom:top, left:right, :3], 2, 0)
    assert (blue.astype(int) - red > 50).any(axis=1).mean() > 0.8  # the whole bar, not only a tick


def test_normaliser_has_a_panel_of_means_and_a_panel_of_sums():
    means, sums = normaliser_figure({'run': ({'loss': FALLING}, {'loss': RISING})}).axes
    assert lines(means) == as_lists(FALLING) and lines(sums) == as_lists(RISING)
    assert means.get_yscale() == sums.get_yscale() == 'log'


def test_weight_gradients_have_a_line_over_the_layers_for_at_most_six_iterations():
    curves = {layer: [(step, float(step * factor)) for step in range(1, 12)] for layer, factor in (('a', 1), ('b', 5))}
    for axes in weight_gradient_figure({'run': (curves, curves)}).axes:
        assert [line.get_label() for line in axes.get_lines()] == [f'iteration {step}' for step in (1, 3, 5, 7, 9, 11)]
        assert lines(axes) == [[[1, step], [2, 5 * step]] for step in (1, 3, 5, 7, 9, 11)]

"""Figures of what the hook has written in a real run; bad input."""

import json
import runpy
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from helpers.gradient_runs import Net, by_autograd, samples, train, written
from helpers.tiny_runs import TOOLS, run, succeeded
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from mmgb.analysis.gradients.figures import histogram_figure, normaliser_figure, rms_figure, weight_gradient_figure
from mmgb.analysis.gradients.records import read_delta_histograms, read_gradient_stats
from mmgb.functional.errors import ConfigError

TOOL = 'analysis_tools/plot_gradients.py'
FIGURES = ('error_rms', 'delta_histograms', 'softmax_normaliser', 'weight_gradients')


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Two runs of two epochs with four iterations each, ``first`` and ``second``."""
    folder = tmp_path_factory.mktemp('runs')
    for name in ('first', 'second'):
        train(folder / name, Net(), batch_size=2, epochs=2)
    return folder


def lines(axes):
    return [line.get_xydata() for line in axes.get_lines()]


def test_layers_are_read_in_the_order_in_which_they_run_and_drawn_one_panel_each(runs):
    stats = read_gradient_stats(runs / 'first')
    assert list(stats['error_rms']) == ['conv1', 'conv2', 'head.fc']
    curves = {name: read_gradient_stats(runs / name)['error_rms'] for name in ('first', 'second')}
    panels = rms_figure(curves, ['conv1', 'head.fc']).axes
    assert [axes.get_title() for axes in panels] == ['conv1', 'head.fc']
    for axes in panels:
        assert axes.get_yscale() == 'log' and len(lines(axes)) == 2
        assert np.array_equal(lines(axes)[0], stats['error_rms'][axes.get_title()])


def test_what_a_logarithm_lacks_is_a_gap(runs):
    (panel,) = rms_figure({'run': {'layer': [(1, 2.0), (2, 0.0), (3, float('inf')), (4, 3.0)]}}, ['layer']).axes
    assert np.array_equal(lines(panel)[0][:, 1], [2, np.nan, np.nan, 3], equal_nan=True)


def test_histogram_has_the_shares_of_its_line(runs):
    first, *_, last = read_delta_histograms(runs / 'first')
    assert (first.step, first.epoch, last.step, last.epoch) == (1, 1, 8, 2)
    panels = histogram_figure({'run': {'epoch 1': [first], 'iteration 8': [last]}}).axes
    assert [axes.get_title() for axes in panels] == ['run, epoch 1', 'run, iteration 8']
    for axes, histogram in zip(panels, (first, last)):
        values, edges, _ = axes.patches[0].get_data()
        assert np.array_equal(edges, histogram.edges) and np.allclose(values, np.array(histogram.counts) / 6)


def test_a_narrow_bin_is_seen_beside_a_wide_range_in_its_column(runs):
    narrow = read_delta_histograms(runs / 'first')[0]._replace(edges=[0.0, 1.0], counts=[6])
    figure = histogram_figure({'run': {'epoch 1': [narrow], 'epoch 2': [narrow._replace(edges=[-1e5, 1e5])]}})
    left, bottom, right, top = figure.axes[0].get_window_extent().extents.round().astype(int)
    FigureCanvasAgg(figure).draw()
    red, green, blue = np.moveaxis(np.asarray(figure.canvas.buffer_rgba())[::-1][bottom:top, left:right, :3], 2, 0)
    assert (blue.astype(int) - red > 50).any(axis=1).mean() > 0.8  # the whole bar, not only a tick


def test_normaliser_and_weight_gradients_are_the_recorded_ones(runs):
    stats = read_gradient_stats(runs / 'first')
    parts = stats['softmax_normaliser_mean'], stats['softmax_normaliser_sum']
    for axes, part in zip(normaliser_figure({'run': parts}).axes, parts):
        assert np.array_equal(lines(axes)[0], part['head.loss_module'])
    parts = stats['weight_grad_mean'], stats['weight_grad_ratio']
    for axes, part in zip(weight_gradient_figure({'run': parts}).axes, parts):
        assert [line.get_label() for line in axes.get_lines()] == [f'iteration {i}' for i in (1, 2, 4, 5, 7, 8)]
        assert np.array_equal(lines(axes)[0], [(i, curve[0][1]) for i, curve in enumerate(part.values(), 1)])


def test_of_a_resumed_run_the_later_log_counts_and_half_a_line_is_passed_over(tmp_path):
    line = '{"grad_stats/error_rms/a": %d, "step": %d}\n'
    logs = {'1': line % (1, 1) + line % (2, 2), '2': line % (3, 2) + '{"loss": 1, "step": 3}\n{"grad_st'}
    for start, text in logs.items():
        (tmp_path / start / 'vis_data').mkdir(parents=True)
        (tmp_path / start / 'vis_data/scalars.json').write_text(text)
    assert read_gradient_stats(tmp_path) == {'error_rms': {'a': [(1, 1.0), (2, 3.0)]}}


def test_tool_writes_each_figure_as_png_and_svg(runs):
    output = succeeded(run(runs, TOOL, 'first', 'other=second', '--out', 'figures'))
    for name in FIGURES:
        assert min(Image.open(runs / f'figures/{name}.png').size) > 200
        assert ElementTree.parse(runs / f'figures/{name}.svg').getroot().tag.endswith('svg')
        assert f'Written: figures/{name}.png' in output


def test_tool_writes_the_numbers_of_every_run_beside_its_figures(runs):
    output = succeeded(run(runs, TOOL, 'first', 'other=second', '--out', 'numbers', '--epochs', 2))
    assert 'Written: numbers/gradients.json' in output
    summary = json.loads((runs / 'numbers/gradients.json').read_text())
    assert list(summary) == ['first', 'other']
    scalars, lines = written(runs / 'second')
    found = summary['other']
    assert found['epochs'] == [1, 2]
    for layer, rms in found['error_rms'].items():
        first, last = (
            np.mean([scalars[step][f'error_rms/{layer}'] for step in steps]) for steps in ((1, 2, 3, 4), (5, 6, 7, 8))
        )
        assert (rms['first'], rms['last'], rms['last_over_first']) == pytest.approx((first, last, last / first))
    assert list(found['error_rms']) == ['conv1', 'conv2', 'head.fc']
    for kind in ('mean', 'sum'):
        values = [scalars[step][f'softmax_normaliser_{kind}/head.loss_module'] for step in range(1, 9)]
        assert found['softmax_normaliser']['head.loss_module'][kind] == pytest.approx(
            dict(first_record=values[0], last_epoch=np.mean(values[4:]))
        )
    # The net learns nothing, so the fifth batch of two samples sees what autograd sees of the first.
    _, deltas, _, _ = by_autograd(Net(), samples()[:2])
    ((moment, losses),) = found['deltas'].items()
    assert moment == 'epoch 2' and lines[4]['step'] == 5
    assert losses['head.loss_module']['range'] == pytest.approx([deltas.min().item(), deltas.max().item()], rel=1e-5)
    assert losses['head.loss_module']['not_finite'] == 0


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('first', 'first'), "the name 'first' is given twice"),
        (('first', '--layers', 'conv9'), '--layers conv9: not recorded; there are conv1, conv2, head.fc'),
        (('first', '--epochs', 7), '--epochs 7: no histogram was recorded there, but at 1, 2'),
        (
            ('first', '--iterations', 9),
            '--iterations 9: no histogram was recorded there, but at 1, 2, 3, 4, 5, 6, 7, 8',
        ),
    ],
)
def test_bad_input_is_named_before_anything_is_written(runs, arguments, message, monkeypatch):
    monkeypatch.chdir(runs)
    monkeypatch.setattr('sys.argv', [TOOL, *map(str, arguments), '--out', 'nowhere'])
    with pytest.raises(ConfigError, match=f'^{message}$'):
        runpy.run_path(TOOLS / TOOL)['main']()
    assert not (runs / 'nowhere').exists()


def test_a_folder_without_records_ends_in_one_sentence_and_exit_code_2(tmp_path):
    process = run(tmp_path, TOOL, 'absent', '--out', 'nowhere')
    assert process.returncode == 2 and 'Traceback' not in process.stdout
    assert 'absent: nothing of GradientStatsHook in its */vis_data/scalars.json' in process.stdout.splitlines()[-1]

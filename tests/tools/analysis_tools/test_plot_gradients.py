"""tools/analysis_tools/plot_gradients.py on runs that the hook recorded."""

import contextlib
import io
import json
import runpy
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from helpers.gradient_runs import Net, by_autograd, samples, train, written
from helpers.tiny_runs import TOOLS, run
from PIL import Image

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


def plot(folder, *arguments):
    """Run the tool in this process and return its output."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as output:
        patch.chdir(folder)
        patch.setattr('sys.argv', [TOOL, *map(str, arguments)])
        runpy.run_path(TOOLS / TOOL)['main']()
    return output.getvalue()


@pytest.fixture(scope='module')
def output(runs):
    return plot(runs, 'first', 'other=second', '--out', 'figures', '--epochs', 2)


@pytest.mark.slow
def test_each_figure_is_written_as_png_and_svg(runs, output):
    for name in FIGURES:
        assert min(Image.open(runs / f'figures/{name}.png').size) > 200
        assert ElementTree.parse(runs / f'figures/{name}.svg').getroot().tag.endswith('svg')
        assert f'Written: figures/{name}.png' in output


@pytest.mark.slow
def test_numbers_of_every_run_are_written_next_to_the_figures(runs, output):
    assert 'Written: figures/gradients.json' in output
    summary = json.loads((runs / 'figures/gradients.json').read_text())
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
    # At learning rate 0 the fifth batch (the first of epoch 2) has the deltas that autograd gives for the first.
    _, deltas, _, _ = by_autograd(Net(), samples()[:2])
    ((moment, losses),) = found['deltas'].items()
    assert moment == 'epoch 2' and lines[4]['step'] == 5
    assert losses['head.loss_module']['range'] == pytest.approx([deltas.min().item(), deltas.max().item()], rel=1e-5)
    assert losses['head.loss_module']['not_finite'] == 0


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('first', 'first'), "the name 'first' is given twice"),
        (('first', '--layers', 'conv9'), '--layers conv9: expected recorded layers: conv1, conv2, head.fc'),
        (('first', '--epochs', 7), '--epochs 7: expected epochs with recorded histograms: 1, 2'),
        (
            ('first', '--iterations', 9),
            '--iterations 9: expected iterations with recorded histograms: 1, 2, 3, 4, 5, 6, 7, 8',
        ),
    ],
)
def test_invalid_input_is_named_before_anything_is_written(runs, arguments, message):
    with pytest.raises(ConfigError, match=f'^{message}$'):
        plot(runs, *arguments, '--out', 'nowhere')
    assert not (runs / 'nowhere').exists()


@pytest.mark.slow
def test_a_folder_without_records_ends_with_one_sentence_and_exit_code_2(tmp_path):
    process = run(tmp_path, TOOL, 'absent', '--out', 'nowhere')
    assert process.returncode == 2 and 'Traceback' not in process.stdout
    assert 'absent: no records of GradientStatsHook in its */vis_data/scalars.json' in process.stdout.splitlines()[-1]

"""Tables of measured and suggested learning rates, read from files of trials."""

import json

import numpy as np
import pytest
from helpers.markdown_cells import table_cells

from mmgb.rate_finder.rate_rule import suggest_rate
from mmgb.rate_finder.tables import best_measured_rate, measured_rates_table, suggested_rates_table

RATES = [float(rate) for rate in np.geomspace(1e-3, 10, 81)]
FALL = [float(loss) for loss in np.interp(range(81), [0, 40, 50, 70, 80], [3.0, 2.9, 2.0, 1.9, 9.0])]


def trial(best):
    if best is None:
        return dict(seed=0, curve=[], failed='RuntimeError: no')
    return dict(seed=0, curve=[[1, best]], best_step=1, best=best)


@pytest.fixture
def results(tmp_path):
    def write(name, accuracies):
        settings = [
            dict(overrides={'optim_wrapper.optimizer.lr': rate}, trials=[trial(best) for best in found])
            for rate, found in accuracies.items()
        ]
        content = dict(
            config='x.py', cfg_options=[], metric='accuracy', step='epoch', environment={}, settings=settings
        )
        (tmp_path / name).write_text(json.dumps(content))

    write('softmax.json', {0.1: [90.0, 92.0], 0.2: [93.0, 93.0], 0.4: [99.0, None]})
    write('other.json', {0.01: [95.0], 0.02: [94.0]})
    return tmp_path


def numbers(*losses):
    titles = zip(('MNIST, SGD: softmax', 'MNIST, SGD: other'), ('softmax.json', 'other.json'))
    return dict(rates=RATES, results=[dict(title=title, grid=grid, losses=list(losses)) for title, grid in titles])


def test_a_rate_with_a_failed_trial_is_not_the_best(results):
    assert best_measured_rate(results / 'softmax.json') == 0.2


def test_measured_rates_have_their_ratio_to_softmax(results):
    lines = table_cells(measured_rates_table(numbers(), results))
    assert lines[0] == ['data, optimizer', 'softmax', 'other']
    assert lines[2] == ['MNIST, SGD', '0.2', '0.01 (x 0.05)']


def test_suggestions_stand_beside_the_best_measured_rate(results):
    lines = table_cells(suggested_rates_table(numbers(FALL, [2.0] * 81), results))
    found = suggest_rate(RATES, FALL)
    assert lines[2][:4] == ['MNIST, SGD: softmax', '1 of 2', '0.2', f'{found.rate:.2g}']
    assert lines[2][4:] == [f'{0.2 / rate:.2g}' for rate in (found.rate, found.lowest, found.steepest)]
    assert suggested_rates_table(numbers([2.0] * 81), results).count('no loss fell') == 2

"""The notebook's cells run one after the other, and show what their text says."""

from __future__ import annotations

import json

import matplotlib
import pytest
from helpers.code_blocks import ROOT

PATH = ROOT / 'docs/first_steps.ipynb'


@pytest.fixture(scope='module')
def names():
    """Return the variables after all cells ran in their order, without a window for the figure."""
    matplotlib.use('Agg')
    notebook = json.loads(PATH.read_text(encoding='utf-8'))
    names = {}
    for cell in notebook['cells']:
        if cell['cell_type'] == 'code':
            exec(''.join(cell['source']), names)
    return names


def test_cross_entropy_sends_back_at_most_1_and_boosted_losses_more(names):
    delta = names['delta_of_target_class']
    for name, loss in names['losses'].items():
        assert (abs(delta(loss, -1.0)) <= 1) == (name == 'cross-entropy')


def test_every_loss_learns_the_exclusive_or(names):
    assert set(names['accuracies']) == set(names['losses'])
    assert min(names['accuracies'].values()) > 0.95


def test_the_main_loss_reaches_its_range_only(names):
    assert names['reached'] == [False, False, True, True, True]


def test_half_of_the_drawn_images_are_of_the_rare_class(names):
    assert sorted(names['images_of_classes'][names['drawn']]) == [0] * 10 + [1] * 10


def test_the_notebook_is_committed_without_outputs():
    cells = json.loads(PATH.read_text(encoding='utf-8'))['cells']
    assert [cell for cell in cells if cell.get('outputs')] == []

"""Numbers and picture of a network's outputs, on outputs whose answer can be written down."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from mmgb.analysis.curvature.figure import curvature_figure
from mmgb.analysis.curvature.measured import measure, measured_tables, summary_table
from mmgb.analysis.curvature.output_curvature import cross_entropy_curvature

SCORES = torch.tensor([[2.0, 0.0, -1.0], [0.5, 4.0, -3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 0])
FOUND = measure(SCORES, LABELS, 'CrossEntropyLoss', cross_entropy_curvature)


def test_right_and_wrong_classes_are_told_apart():
    right, wrong = (FOUND[group]['distributions']['score x'] for group in ('right', 'wrong'))
    assert (right['mean'], right['5%'], right['95%']) == (1.25, 0.5, 2.0)
    assert (wrong['mean'], wrong['5%'], wrong['95%']) == (0.0, -3.0, 4.0)
    assert (FOUND['samples'], FOUND['classes'], FOUND['error']) == (2, 1, 0.5)


def test_inequalities_are_counted_output_by_output():
    # x = 2 and 0.5: 144 > 54.6, and 0.5625 < 2.718. x = 0, -1, 4, -3: 0 < 1, 9 > 0.14, 2304 < 2981, 729 > 0.002
    for group, share in (('right', 0.5), ('wrong', 0.5)):
        assert FOUND[group]['first_terms'] == {
            '9x⁴ > e^{2x}': share,
            'e^{2x} > e^{2x}/s²': 1.0,
            'e^{2x}/s² > 1': 0.0,
            'all of them': 0.0,
        }


def test_hessians_are_taken_with_the_targets_0_and_1_and_each_samples_own_normaliser():
    right = FOUND['right']['distributions']
    s = [sum(map(math.exp, row)) for row in SCORES.tolist()]
    y = [math.exp(2) / s[0], math.exp(0.5) / s[1]]
    assert right['H_exp']['mean'] == pytest.approx(sum(2 * math.exp(2 * x) - math.exp(x) for x in (2, 0.5)) / 2)
    assert right['H_pow3']['mean'] == pytest.approx(sum(15 * x**4 - 6 * x for x in (2, 0.5)) / 2)
    assert right['H_softmax']['mean'] == pytest.approx(sum(2 * p * p - p for p in y) / 2)
    assert right['H of CrossEntropyLoss']['mean'] == pytest.approx(sum(p - p * p for p in y) / 2)
    assert FOUND['normaliser']['mean'] == pytest.approx(sum(s) / 2) and FOUND['normaliser']['s > 1'] == 1


def test_at_a_fit_with_exponential_outputs_only_the_second_term_vanishes():
    targets = one_hot(LABELS, 3).double()
    found = measure((targets + 1e-9).log(), LABELS, 'x', cross_entropy_curvature)
    right = found['right']['terms']['exp']
    assert right == {'H ≈ 0': 0.0, 'first ≈ second': 0.0, 'second ≪ first': 1.0}


def test_tables_hold_every_quantity_for_both_groups():
    text = measured_tables(FOUND)
    assert text.startswith('2 samples of 1 classes, error 50.00 %; s > 1 for 100.0 % of them\n')
    assert '| score x | right | 1.25 | 0.5 |' in text and '| 9x⁴ > e^{2x} | 50.0 | 50.0 |' in text
    assert all(len(line.split('|')) in (1, 5, 10) for line in text.splitlines())


def test_summary_has_a_column_for_each_network():
    rows = dict(line[2:-2].split(' | ', 1) for line in summary_table({'one': FOUND, 'two': FOUND}).splitlines())
    assert rows['test error, %'] == '50.0 | 50.0'
    assert rows['… of their first terms, % of outputs'] == '0.0 / 0.0 | 0.0 / 0.0'
    p = [math.exp(2) / sum(map(math.exp, SCORES[0].tolist())), math.exp(0.5) / sum(map(math.exp, SCORES[1].tolist()))]
    assert rows['H of the loss it was trained with, mean'].startswith(f'{sum(q - q * q for q in p) / 2:.3g} / ')


def test_the_picture_has_the_four_hessians_the_boosted_ones_and_the_outputs():
    left, right, behind, _ = curvature_figure({'net': (SCORES, LABELS)}).axes
    curves = {line.get_label(): line.get_xydata() for axes in (left, right) for line in axes.lines}
    x, y = curves['H_exp'].T
    assert torch.allclose(torch.tensor(y), torch.tensor(2 * math.e ** (2 * x) - math.e**x))
    x, y = curves['pow3-GB, alpha 0.001'].T
    assert torch.allclose(torch.tensor(y), torch.tensor(0.003 * x**2))
    assert max(curves['cross-entropy: y(1 - y)'][:, 1]) == pytest.approx(0.25, rel=1e-3)
    for patch, scores in zip(behind.patches, ([0.0, -1.0, 4.0, -3.0], [2.0, 0.5])):
        density, edges, _ = patch.get_data()
        assert density @ (edges[1:] - edges[:-1]) == pytest.approx(1)
        assert [sum(low <= x < high for x in scores) > 0 for low, high in zip(edges, edges[1:])] == list(density > 0)


def test_without_a_network_only_curves_are_drawn():
    assert [len(axes.patches) for axes in curvature_figure({}).axes] == [0, 0]

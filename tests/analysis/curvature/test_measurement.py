"""Measurements of outputs whose quantities can be written down."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from mmgb.analysis.curvature.loss_curvature import cross_entropy_curvature
from mmgb.analysis.curvature.measurement import distribution, measure

SCORES = torch.tensor([[2.0, 0.0, -1.0], [0.5, 4.0, -3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 0])
FOUND = measure(SCORES, LABELS, 'CrossEntropyLoss', cross_entropy_curvature)


def test_outputs_of_target_classes_and_of_other_classes_are_separated():
    right, wrong = (FOUND[group]['distributions']['score x'] for group in ('right', 'wrong'))
    assert (right['mean'], right['5%'], right['95%']) == (1.25, 0.5, 2.0)
    assert (wrong['mean'], wrong['5%'], wrong['95%']) == (0.0, -3.0, 4.0)
    assert (FOUND['samples'], FOUND['classes'], FOUND['error']) == (2, 1, 0.5)


def test_inequalities_are_counted_per_output():
    # x = 2 and 0.5: 144 > 54.6, and 0.5625 < 2.718. x = 0, -1, 4, -3: 0 < 1, 9 > 0.14, 2304 < 2981, 729 > 0.002
    for group, share in (('right', 0.5), ('wrong', 0.5)):
        assert FOUND[group]['first_terms'] == {
            '9x⁴ > e^{2x}': share,
            'e^{2x} > e^{2x}/s²': 1.0,
            'e^{2x}/s² > 1': 0.0,
            'all of them': 0.0,
        }


def test_hessians_use_targets_0_and_1_and_the_normaliser_of_each_sample():
    right = FOUND['right']['distributions']
    s = [sum(map(math.exp, row)) for row in SCORES.tolist()]
    y = [math.exp(2) / s[0], math.exp(0.5) / s[1]]
    assert right['H_exp']['mean'] == pytest.approx(sum(2 * math.exp(2 * x) - math.exp(x) for x in (2, 0.5)) / 2)
    assert right['H_pow3']['mean'] == pytest.approx(sum(15 * x**4 - 6 * x for x in (2, 0.5)) / 2)
    assert right['H_softmax']['mean'] == pytest.approx(sum(2 * p * p - p for p in y) / 2)
    assert right['H of CrossEntropyLoss']['mean'] == pytest.approx(sum(p - p * p for p in y) / 2)
    assert FOUND['normaliser']['mean'] == pytest.approx(sum(s) / 2) and FOUND['normaliser']['s > 1'] == 1


def test_at_a_fit_with_exponential_outputs_the_second_term_is_negligible():
    targets = one_hot(LABELS, 3).double()
    found = measure((targets + 1e-9).log(), LABELS, 'x', cross_entropy_curvature)
    right = found['right']['terms']['exp']
    assert right == {'H ≈ 0': 0.0, 'first ≈ second': 0.0, 'second ≪ first': 1.0}


def test_distribution_has_the_mean_and_the_nearest_order_statistics():
    found = distribution(torch.arange(101, dtype=torch.float64).flip(0) ** 2)
    assert found == {'mean': 3350.0, '5%': 25.0, '25%': 625.0, '50%': 2500.0, '75%': 5625.0, '95%': 9025.0}

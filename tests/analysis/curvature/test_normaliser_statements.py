"""Numbers behind the statements on the softmax normaliser, computed again without torch."""

import math

import pytest

from mmgb.analysis.curvature.normaliser_statements import normaliser_statements

STATEMENTS = normaliser_statements()


def values(start):
    """Numbers of the statement whose claim begins with ``start``."""
    (found,) = (statement.values for statement in STATEMENTS if statement.claim.startswith(start))
    return found


def test_shifted_outputs_have_a_tiny_normaliser_and_the_same_hessian():
    found = values('H_softmax depends on s')
    assert found['s'] == pytest.approx(sum(math.exp(x - 20) for x in (2, 0, -1)), rel=1e-12)
    assert found['change'] < 1e-12


def test_hessian_of_softmax_is_bounded_for_probabilities_and_targets():
    found = values('H_softmax depends on s')
    grid = [index / 100 for index in range(101)]
    hessians = [y**2 - y * (t - y) for y in grid for t in grid]  # y = 0.25 and t = 1 give the minimum
    assert (found['least'], found['most']) == pytest.approx((min(hessians), max(hessians)), rel=1e-12)


def test_one_positive_output_makes_the_normaliser_exceed_1():
    assert values('Half of the outputs')['excess'] == pytest.approx(math.expm1(1e-6) + math.exp(-50), rel=1e-12)
    assert values('A single output')['excess'] == pytest.approx(999 * math.exp(-20), rel=1e-12)


def test_a_confident_network_can_have_a_normaliser_below_1():
    found = values('A well-trained')
    outputs = [math.exp(-10)] + 999 * [math.exp(-30)]
    assert found['s'] == pytest.approx(sum(outputs), rel=1e-9) and found['s'] < 1
    assert found['probability'] == pytest.approx(outputs[0] / sum(outputs), rel=1e-9)


def test_ten_equal_outputs_or_a_batch_give_the_normaliser_of_figure_5():
    found = values('s starts at 2,342')
    assert 10 * math.exp(found['equal_outputs']) == pytest.approx(2342, rel=1e-12)
    assert 10 * found['batch'] == pytest.approx(2342, rel=1e-12)

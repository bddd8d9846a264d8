"""Welch's test against its definition, with the t-distribution integrated numerically."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmgb.trials.welch_test import LEVEL, welch_test

VALUES = st.lists(st.integers(0, 10000).map(lambda number: number / 100), min_size=2, max_size=12)


def upper_tail(t, degrees):
    """P(T > t) for t >= 0: Simpson's rule over the angle whose tangent is T / sqrt(degrees)."""
    # With T = sqrt(degrees) * tan(angle) the density becomes a multiple of cos(angle) ** (degrees - 1).
    angles = np.linspace(math.atan(t / math.sqrt(degrees)), math.pi / 2, 20001)
    heights = np.abs(np.cos(angles)) ** (degrees - 1)
    weights = np.array([1.0, *[4.0, 2.0] * 9999, 4.0, 1.0]) * (angles[1] - angles[0]) / 3
    factor = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi)
    return factor * float(heights @ weights)


def squared_error(values):
    return statistics.variance(values) / len(values)


@given(VALUES, VALUES)
def test_p_and_margin_are_those_of_the_t_distribution_with_welch_and_satterthwaites_degrees(first, second):
    one, other = squared_error(first), squared_error(second)
    assume(one + other > 0)
    degrees = (one + other) ** 2 / (one**2 / (len(first) - 1) + other**2 / (len(second) - 1))
    error = math.sqrt(one + other)
    found = welch_test(first, second)
    assert found.degrees_of_freedom == pytest.approx(degrees, rel=1e-9)
    distance = abs(statistics.mean(first) - statistics.mean(second)) / error
    assert found.p == pytest.approx(2 * upper_tail(distance, degrees), rel=1e-3, abs=1e-9)
    assert 2 * upper_tail(found.margin / error, degrees) == pytest.approx(LEVEL, rel=1e-4)


@given(VALUES, VALUES)
def test_neither_the_order_nor_a_shift_of_both_samples_changes_the_test(first, second):
    assume(squared_error(first) + squared_error(second) > 0)
    found = welch_test(first, second)
    assert welch_test(second, first) == pytest.approx(found, rel=1e-9)
    shifted = welch_test([value + 7 for value in first], [value + 7 for value in second])
    assert shifted == pytest.approx(found, rel=1e-6)


def test_chance_makes_a_clear_difference_in_one_of_twenty_comparisons():
    rng = np.random.default_rng(0)
    clear = 0
    for _ in range(1000):
        first, second = rng.normal(0, 1, 4), rng.normal(0, 1, 4)
        clear += abs(first.mean() - second.mean()) > welch_test(first, second).margin
    assert 0.02 < clear / 1000 < 0.07  # standard error 0.007; Welch's test is somewhat conservative


def test_equal_values_have_no_margin_and_one_value_has_no_test():
    assert welch_test([1.0, 1.0], [2.0, 2.0]).margin == welch_test([1.0, 1.0], [1.0, 1.0]).margin == 0
    assert np.isnan(welch_test([1.0], [2.0, 3.0])).all() and np.isnan(welch_test([2.0, 3.0], [])).all()

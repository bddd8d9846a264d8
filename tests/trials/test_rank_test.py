"""The exact Mann-Whitney test agrees with its definition and with scipy."""

from fractions import Fraction
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.trials.rank_test import mann_whitney_p

FEW = st.lists(st.integers(0, 5), min_size=1, max_size=5)  # often equal


def p_by_definition(first, second):
    """Return the share of choices whose U is at least as extreme; U counts pairs, a tie as half a pair."""
    values = [*first, *second]

    def u(chosen):
        others = [values[i] for i in range(len(values)) if i not in chosen]
        return sum(Fraction(values[i] > other) + Fraction(values[i] == other, 2) for i in chosen for other in others)

    mean = Fraction(len(first) * len(second), 2)
    found = abs(u(range(len(first))) - mean)
    ways = [abs(u(chosen) - mean) >= found for chosen in combinations(range(len(values)), len(first))]
    return sum(ways) / len(ways)


@given(FEW, FEW)
def test_p_is_the_share_of_choices_at_least_as_extreme_also_with_ties(first, second):
    assert mann_whitney_p(first, second) == pytest.approx(p_by_definition(first, second), rel=1e-12)


@given(FEW, FEW)
def test_p_depends_only_on_the_order_of_the_values_and_not_on_which_sample_is_first(first, second):
    p = mann_whitney_p(first, second)
    assert p == mann_whitney_p(second, first) == mann_whitney_p([2.0**x for x in first], [2.0**x for x in second])
    assert mann_whitney_p(first, first) == 1


@pytest.fixture(scope='module')
def stats():
    return pytest.importorskip('scipy.stats')


@settings(max_examples=40)
@given(values=st.permutations(range(40)), size=st.integers(1, 39))
def test_p_of_distinct_values_equals_scipys(stats, values, size):
    expected = stats.mannwhitneyu(values[:size], values[size:], method='exact').pvalue
    assert mann_whitney_p(values[:size], values[size:]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize('size', [1, 3, 5, 20])
def test_samples_that_do_not_overlap_have_the_smallest_possible_p(size):
    assert mann_whitney_p(range(size), range(size, 2 * size)) == pytest.approx(2 / comb(2 * size, size), rel=1e-12)

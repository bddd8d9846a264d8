"""Statistics of trials and of their differences."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.trials.rank_test import mann_whitney_p
from mmgb.trials.statistics import (
    best_steps,
    compare,
    error_quartiles,
    estimate_mean,
    last_values,
    minimum_errors,
)
from mmgb.trials.trial import Setting, Trial
from mmgb.trials.welch_test import welch_test


def make(*curves, failed=()):
    """Return a setting of trials with these values at steps 1, 2, …; those with the indices ``failed`` failed."""
    return Setting(
        'mIoU',
        'epoch',
        {},
        [Trial(seed, list(enumerate(curve, 1)), 'no' if seed in failed else None) for seed, curve in enumerate(curves)],
    )


def test_the_minimum_error_is_that_of_the_best_validation_and_100_percent_for_a_failed_trial():
    setting = make((10.0, 30.0, 20.0), (50.0, 5.0), (99.0,), failed=(2,))
    assert minimum_errors(setting.trials) == [70.0, 50.0, 100.0]
    assert best_steps(setting) == [2, 1] and last_values(setting) == [20.0, 5.0]


VALUES = st.lists(st.floats(0, 100, width=32).map(lambda x: round(x, 2)), min_size=2, max_size=8)


@given(VALUES)
def test_the_standard_error_is_the_root_of_the_variance_over_the_number(values):
    mean, error = estimate_mean(values)
    assert mean == pytest.approx(sum(values) / len(values), abs=1e-9)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    assert error**2 == pytest.approx(variance / len(values), abs=1e-9)


@given(VALUES, VALUES)
def test_a_difference_adds_the_variances_of_both_means(first, second):
    found = compare(make(*([value] for value in first)), make(*([value] for value in second)))
    # The values are accuracies, so the difference of errors has the opposite sign.
    assert found.difference.mean == pytest.approx(statistics.mean(first) - statistics.mean(second), abs=1e-6)
    variance = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    assert found.difference.standard_error**2 == pytest.approx(variance, rel=1e-6, abs=1e-6)
    assert found.p == mann_whitney_p(first, second)
    errors = [[100 - value for value in values] for values in (first, second)]
    assert found.welch.margin == pytest.approx(welch_test(*errors).margin, abs=1e-6)


def test_failed_trials_have_the_worst_rank_and_are_left_out_of_means():
    first, second = make((40.0,), (50.0,), (60.0,)), make((70.0,), (80.0,), (99.0,), failed=(2,))
    found = compare(first, second)
    assert found.difference.mean == pytest.approx(25 - 50)
    assert found.p == mann_whitney_p([60, 50, 40], [30, 20, 100])
    nothing = compare(first, make((), (), (), failed=(0, 1, 2)))
    assert np.isnan(nothing.difference.mean) and nothing.p == pytest.approx(0.1)


@given(st.lists(st.lists(st.floats(0, 100), min_size=4, max_size=4), min_size=1, max_size=6))
def test_curves_show_the_quartiles_of_the_errors_at_each_step(curves):
    steps, found = error_quartiles(make(*curves))
    assert steps.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(
        found, np.percentile([[100 - value for value in curve] for curve in curves], [25, 50, 75], axis=0), atol=1e-9
    )


def test_a_trial_that_stopped_early_keeps_its_last_value_and_a_failed_one_has_100_percent():
    steps, (_, median, _) = error_quartiles(make((10.0, 20.0, 30.0), (40.0,), (60.0, 70.0, 80.0)))
    assert steps.tolist() == [1, 2, 3] and median.tolist() == [60.0, 60.0, 60.0]
    _, (_, median, _) = error_quartiles(make((10.0, 20.0, 30.0), (40.0,), (60.0, 70.0, 80.0), failed=(1,)))
    assert median.tolist() == [60.0, 80.0, 70.0]

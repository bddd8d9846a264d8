"""The best validation of a learning curve."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.trials.trial import Trial, best_point, drop_non_finite


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 9))
def test_the_best_point_is_the_first_largest_value_whatever_float32_adds_to_it(counts, denominator):
    curve = [(step, count / denominator + 1e-6 * (step % 3 - 1)) for step, count in enumerate(counts)]
    step, value = best_point(curve)
    assert step == counts.index(max(counts)) and value == pytest.approx(max(counts) / denominator, abs=1e-4)


@given(st.lists(st.floats(0, 100) | st.sampled_from([math.nan, math.inf, -math.inf])), st.none() | st.just('an error'))
def test_a_trial_keeps_its_finite_values_and_has_failed_without_any(values, failed):
    found = drop_non_finite(Trial(3, list(enumerate(values)), failed))
    kept = [(step, value) for step, value in enumerate(values) if value - value == 0]
    assert found.seed == 3 and found.curve == kept
    assert found.failed == failed if kept or failed else 'finite metric' in found.failed

"""The best validation of a learning curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.trials.trial import best_point


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 9))
def test_the_best_point_is_the_first_largest_value_whatever_float32_adds_to_it(counts, denominator):
    curve = [(step, count / denominator + 1e-6 * (step % 3 - 1)) for step, count in enumerate(counts)]
    step, value = best_point(curve)
    assert step == counts.index(max(counts)) and value == pytest.approx(max(counts) / denominator, abs=1e-4)

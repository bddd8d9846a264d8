"""The rule of the finder on sweeps whose best rate is known, and its invariance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.rate_finder.rate_rule import WINDOW, combine, has_risen, noise, smooth, suggest_rate

RATES = np.geomspace(1e-3, 10, 81)


def quadratic_sweep(curvature=1.0, seed=0):
    """Losses of noisy gradient descent on a quadratic, which diverges above the rate 2 / curvature."""
    rng, x, losses = np.random.default_rng(seed), 1.0, []
    for rate in RATES / curvature:
        losses.append(3 + curvature * (x * x / 2 + 0.01 * rng.standard_normal()))
        if has_risen(losses):
            break
        x -= rate * curvature * (x + 0.1 * rng.standard_normal())
    return losses


@pytest.mark.parametrize('curvature', [0.1, 1.0, 30.0])
@pytest.mark.parametrize('seed', range(10))
def test_the_suggestion_is_below_the_rate_at_which_a_quadratic_diverges(curvature, seed):
    losses = quadratic_sweep(curvature, seed)
    found = suggest_rate(RATES / curvature, losses)
    assert found.ended and len(losses) < len(RATES)
    assert 0.02 / curvature < found.steepest <= found.lowest < 2 / curvature
    assert found.rate == pytest.approx(math.sqrt(found.steepest * found.lowest))


@settings(max_examples=20)
@given(exponent=st.integers(-9, 9), offset=st.floats(-100, 100), seed=st.integers(0, 10))
def test_another_unit_of_the_loss_changes_neither_the_suggestion_nor_the_end(exponent, offset, seed):
    losses = np.array(quadratic_sweep(seed=seed))
    assert suggest_rate(RATES, 2.0**exponent * losses) == suggest_rate(RATES, losses)  # without rounding
    assert has_risen(2.0**exponent * losses + offset) and not has_risen(2.0**exponent * losses[:-1] + offset)


def test_single_batches_do_not_move_the_suggestion():
    losses = quadratic_sweep()
    disturbed = list(losses)
    disturbed[20], disturbed[40] = 100.0, -100.0
    assert suggest_rate(RATES, disturbed).rate == pytest.approx(suggest_rate(RATES, losses).rate, rel=0.3)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_a_loss_that_does_not_fall_gives_no_rate(seed):
    noisy = 2 + 0.1 * np.random.default_rng(seed).standard_normal(81)
    assert suggest_rate(RATES, noisy + np.linspace(0, 2, 81)).rate is None
    assert suggest_rate(RATES, [2.0] * 81) == (None, None, False)
    assert suggest_rate(RATES, [2.0, math.nan]) == (None, None, True)
    assert suggest_rate(RATES, [2.0] * 80).ended  # ended early, by another rule


def test_a_sweep_ends_at_the_first_loss_that_is_not_finite_or_far_above_the_start():
    falling = list(np.linspace(2, 1, 30))
    assert not has_risen(falling)
    assert has_risen([*falling, math.inf]) and has_risen([math.nan])
    assert not has_risen([*falling, 9.0, 9.0])  # two of five may be outliers
    assert has_risen([*falling, 9.0, 9.0, 9.0])
    assert not has_risen([1.0] * WINDOW)  # too few to tell


def test_the_steepest_descent_is_where_the_loss_falls_most_within_the_window():
    fall = np.interp(np.arange(81), [0, 40, 50, 70, 80], [3.0, 2.9, 2.0, 1.9, 4.0])
    found = suggest_rate(RATES, fall)
    assert RATES[41] <= found.steepest <= RATES[48] and RATES[67] <= found.lowest <= RATES[71]


def test_a_sweep_that_still_falls_at_its_end_is_marked():
    found = suggest_rate(RATES, np.linspace(2, 1, 81))
    assert found.lowest == RATES[79] and not found.ended


def test_smoothing_keeps_a_line_and_the_noise_is_that_of_single_losses():
    line = np.arange(50.0)
    np.testing.assert_allclose(smooth(line)[6:-6], line[6:-6])
    losses = np.random.default_rng(0).normal(0, 0.3, 20_000)
    assert noise(losses) == pytest.approx(0.3, rel=0.05)
    assert combine([0.1, 0.4]) == pytest.approx(0.2)

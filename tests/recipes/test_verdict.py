"""Verdicts on the losses of trainings that were measured, and on noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.recipes.verdict import diverges, first_loss, highest_loss, judge, margin

# Losses of recipes that were seen to explode, step by step.
EXPLOSIONS = {
    'model A, batch 8': [587, 2.4e26],
    'model B, quarter width': [530, 3.8e18],
    'head of deviation 0.01': [152, 2e10],
    'inputs divided by 58': [13.5, 701, 3e7],
    'both of them': [7.8, 2.9e22],
    'FCN with exp-GB': [67, 3686, 7e12],
}


@pytest.mark.parametrize('name', EXPLOSIONS)
def test_explosions_are_seen_within_three_steps(name):
    losses = EXPLOSIONS[name]
    assert not diverges(losses[:1]) and diverges(losses) and losses[-1] == highest_loss(losses)


def test_a_loss_or_gradient_that_is_not_finite_diverges():
    for value in (math.nan, math.inf, -math.inf):
        assert diverges([value]) and diverges([1.0, value]) and diverges([1.0, 1.0], value)
    assert not diverges([1.0, 99.0], 1e9)


@pytest.mark.parametrize(
    'losses, expected',
    [
        (np.linspace(7.8, 3.9, 14), 'falls'),
        ([327.0, *np.linspace(60, 31, 13)], 'falls'),
        ([587.0, *[30.0] * 59], 'falls'),  # in the first step only
        ([2.5, 54.0, 20.0, *np.linspace(4, 1, 57)], 'falls'),  # after a spike
        ([6.0] * 60, 'level'),
        (np.linspace(2.3, 3.0, 60), 'rises'),
        ([2.3, *np.linspace(9, 4, 59)], 'rises'),  # a spike that has not gone down again
        ([50.0, *np.linspace(10, 30, 59)], 'rises'),  # up again after a fall
    ],
)
def test_verdicts(losses, expected):
    assert judge([float(loss) for loss in losses]) == expected


def test_noise_does_not_rise():
    """Two of 2,000 level trainings, with the noise of segmentation in small batches, may be called rising."""
    rng = np.random.default_rng(0)
    noise = rng.lognormal(1, 0.3, (2000, 60))
    assert sum(judge(losses.tolist()) == 'rises' for losses in noise) <= 2


def test_a_rise_is_seen_through_noise():
    rng = np.random.default_rng(0)
    losses = np.linspace(1, 2, 60) + rng.normal(0, 0.1, (200, 60))
    assert all(judge(each.tolist()) == 'rises' for each in losses)


@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=60), st.sampled_from([0.25, 2.0, 16.0]))
def test_the_verdict_does_not_depend_on_the_unit(losses, factor):
    scaled = [factor * loss for loss in losses]
    assert judge(scaled) == judge(losses) and diverges(scaled) == diverges(losses)
    assert margin(scaled) == pytest.approx(factor * margin(losses))


def test_a_first_batch_without_labels_is_not_the_reference():
    assert first_loss([0.0, 0.0, 2.0, 1.0]) == 2.0 and first_loss([0.0]) == 0.0
    assert not diverges([0.0, 3.0]) and diverges([0.0, 3.0, 301.0])


def test_the_highest_loss_is_not_a_number_if_one_is_not():
    assert highest_loss([1.0, 5.0, 2.0]) == 5.0 and highest_loss([1.0, -math.inf]) == -math.inf
    assert math.isnan(highest_loss([1.0, math.nan, math.inf]))

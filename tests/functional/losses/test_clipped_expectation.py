"""Probabilities of losses with a clipped delta: the minimum of the loss, found without their formula."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.losses.clipped_expectation import clipped_output, clipped_probabilities
from mmgb.models.losses import ExpGBLoss, Pow3GBLoss

TARGETS = st.tuples(st.floats(-100, 100), st.floats(0.1, 100)).map(lambda pair: (pair[0], sum(pair)))


@given(TARGETS, st.floats(0.001, 300), st.floats(0, 1))
@settings(max_examples=300)
def test_the_expected_clipped_delta_is_0_at_the_output_of_a_probability(targets, max_delta, probability):
    negative, positive = targets
    output = clipped_output(probability, targets, max_delta)
    assert negative - 1e-9 <= output <= positive + 1e-9
    of_wrong_class, of_target_class = (min(max(output - t, -max_delta), max_delta) for t in targets)
    assert (1 - probability) * of_wrong_class + probability * of_target_class == pytest.approx(0, abs=1e-9)


@given(TARGETS, st.floats(0.01, 300), st.floats(0, 1))
@settings(max_examples=300)
def test_probabilities_are_the_inverse(targets, max_delta, probability):
    output = torch.tensor(clipped_output(probability, targets, max_delta), dtype=torch.float64)
    assert clipped_probabilities(output, targets, max_delta).item() == pytest.approx(probability, abs=1e-7)


@pytest.mark.parametrize('max_delta', [0.5, 3.0, 8.0, 15.0, 40.0, None])
@pytest.mark.parametrize('loss', [ExpGBLoss, Pow3GBLoss])
def test_the_bias_of_least_loss_gives_the_class_frequencies(loss, max_delta):
    loss = loss(max_delta=max_delta, targets=(0.0, 16.0), **(dict(beta=0.0) if loss is Pow3GBLoss else {}))
    labels = torch.tensor([0] + 3 * [1] + 6 * [2])
    low, high = (torch.full((3,), loss.score_of(p), dtype=torch.float64) for p in (0.001, 1))
    for _ in range(60):  # bisection: the loss is convex, and its gradient at a bias depends on that bias alone
        bias = ((low + high) / 2).requires_grad_()
        (gradient,) = torch.autograd.grad(loss(bias.expand(10, 3), labels), bias)
        low, high = torch.where(gradient < 0, bias, low), torch.where(gradient < 0, high, bias)
    expected = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)
    torch.testing.assert_close(loss.probabilities(low.detach()[None])[0], expected, rtol=0, atol=1e-9)


def test_without_an_effect_of_the_bound_the_output_is_the_expected_target():
    outputs = torch.linspace(-3, 7, 101, dtype=torch.float64)
    expected = ((outputs + 2) / 7).clamp(0, 1)
    torch.testing.assert_close(clipped_probabilities(outputs, (-2.0, 5.0), 7.0), expected, rtol=1e-12, atol=1e-12)


def test_outputs_beyond_the_targets_are_certain_and_nan_stays_nan():
    outputs = torch.tensor([-torch.inf, -3.0, 9.0, torch.inf, torch.nan])
    found = clipped_probabilities(outputs, (0.0, 8.0), 0.5)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 1.0, 1.0, torch.nan]), equal_nan=True)

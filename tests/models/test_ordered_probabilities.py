"""Predicted probabilities are those of the loss, in the strict order of the scores."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmgb.models.losses import ExpGBLoss, MirroredExpGBLoss, Pow3GBLoss, SquaredErrorLoss
from mmgb.models.ordered_probabilities import (
    normalized_probabilities,
    ordered_class_probabilities,
    ordered_label_probabilities,
)


def exp_gb_share(scores):
    return (0.1 * scores.exp() / 16).clamp(0, 1)


def pow3_gb_share(scores):
    return ((0.001 * scores**3 + 0.4) / 10).clamp(0, 1)


CASES = [(ExpGBLoss(alpha=0.1, targets=(0.0, 16.0)), exp_gb_share), (Pow3GBLoss(), pow3_gb_share)]
LOSSES = [*(loss for loss, _ in CASES), MirroredExpGBLoss(), SquaredErrorLoss()]
# Scores beyond the fits, scores that differ in the last place, and equal ones.
SCORES = st.one_of(
    st.floats(-100, 100, width=32),
    st.sampled_from([-30.0, -20.0, 0.0, 1e-30, -1e-30, 1.0, 1.0 + 2**-23, 10.0, 80.0, 88.0]),
)


@pytest.mark.parametrize('loss', LOSSES, ids=lambda loss: type(loss).__name__)
@settings(max_examples=150)
@given(
    scores=st.integers(1, 12).flatmap(lambda classes: arrays('float32', (3, classes), elements=SCORES)),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
)
def test_order_is_that_of_the_scores_and_probabilities_stay_probabilities(loss, scores, dtype):
    scores = torch.from_numpy(scores).to(dtype)
    for ordered, reference in (
        (ordered_class_probabilities(loss, scores), normalized_probabilities(loss, scores)),
        (ordered_label_probabilities(loss, scores), loss.probabilities(scores.float()).clamp(min=1e-12)),
    ):
        higher = scores.unsqueeze(2) > scores.unsqueeze(1)
        assert torch.equal(ordered.unsqueeze(2) > ordered.unsqueeze(1), higher)
        assert ordered.dtype == torch.float32 and (ordered > 0).all() and (ordered <= 1).all()
        torch.testing.assert_close(ordered, reference, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ordered_class_probabilities(loss, scores).sum(1), torch.ones(3))


def test_a_thousand_clamped_classes_keep_their_order_and_the_sum_1():
    scores = -10 - torch.randperm(1000, generator=torch.Generator().manual_seed(0)).view(1, -1) / 100
    for loss in (Pow3GBLoss(), SquaredErrorLoss()):
        probabilities = ordered_class_probabilities(loss, scores)
        assert torch.equal(probabilities.argsort(1), scores.argsort(1))
        torch.testing.assert_close(probabilities, torch.full_like(scores, 0.001), rtol=1e-3, atol=0)
        torch.testing.assert_close(probabilities.sum(1), torch.ones(1))


@pytest.mark.parametrize('loss, share', CASES, ids=['exp_gb', 'pow3_gb'])
def test_class_probabilities_are_normalized_to_sum_1_and_label_probabilities_are_not(loss, share):
    scores = torch.tensor([[4.0, -3.0, 1.0, 20.0], [0.5, 12.0, 9.0, -30.0]])
    expected = share(scores).clamp(min=1e-12)
    torch.testing.assert_close(ordered_label_probabilities(loss, scores), expected)
    expected = expected / expected.sum(1, keepdim=True)
    torch.testing.assert_close(ordered_class_probabilities(loss, scores), expected)
    torch.testing.assert_close(normalized_probabilities(loss, scores), expected)


@pytest.mark.parametrize('loss, share', CASES, ids=['exp_gb', 'pow3_gb'])
def test_probabilities_of_0_and_1_survive(loss, share):
    scores = torch.tensor([[-1000.0, 80.0]])
    assert share(scores).tolist() == [[0, 1]]
    for probabilities in (ordered_class_probabilities(loss, scores), ordered_label_probabilities(loss, scores)):
        torch.testing.assert_close(probabilities, torch.tensor([[0.0, 1.0]]))

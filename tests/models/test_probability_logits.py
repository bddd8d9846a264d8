"""Host functions applied to the converted scores give the loss's probabilities."""

import pytest
import torch

from mmgb.models.losses import ExpGBLoss, Pow3GBLoss
from mmgb.models.probability_logits import sigmoid_logits, softmax_logits


def exp_gb_share(scores):
    return (0.1 * scores.exp() / 16).clamp(0, 1)


def pow3_gb_share(scores):
    return ((0.001 * scores**3 + 0.4) / 10).clamp(0, 1)


CASES = [(ExpGBLoss(alpha=0.1, targets=(0.0, 16.0)), exp_gb_share), (Pow3GBLoss(), pow3_gb_share)]
SCORES = torch.tensor([[4.0, -3.0, 1.0, 20.0], [0.5, 12.0, 9.0, -30.0]], dtype=torch.float64)


@pytest.mark.parametrize('loss, share', CASES, ids=['exp_gb', 'pow3_gb'])
def test_softmax_gives_the_probabilities_normalized_to_sum_1(loss, share):
    expected = share(SCORES).clamp(min=1e-12)
    expected = expected / expected.sum(1, keepdim=True)
    torch.testing.assert_close(softmax_logits(loss, SCORES).softmax(1), expected)


@pytest.mark.parametrize('loss, share', CASES, ids=['exp_gb', 'pow3_gb'])
def test_sigmoid_gives_each_probability(loss, share):
    torch.testing.assert_close(sigmoid_logits(loss, SCORES).sigmoid(), share(SCORES), rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize('loss, share', CASES, ids=['exp_gb', 'pow3_gb'])
def test_probabilities_of_0_and_1_survive_in_float32(loss, share):
    scores = torch.tensor([[-1000.0, 80.0]])
    assert share(scores).tolist() == [[0, 1]]
    assert softmax_logits(loss, scores).isfinite().all()
    for probabilities in (softmax_logits(loss, scores).softmax(1), sigmoid_logits(loss, scores).sigmoid()):
        torch.testing.assert_close(probabilities, torch.tensor([[0.0, 1.0]]))

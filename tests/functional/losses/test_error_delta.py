"""The error delta is the gradient of the potentials."""

import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, make_case, paper_delta

from mmgb.functional.losses.error_delta import potentials
from mmgb.functional.losses.exp_gb import ExpGB


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_class_scores_interpolate_between_the_targets(loss, setting):
    scores, shares, _, _ = make_case(2, soft=True)
    negative, positive = setting['targets']
    loss(scores, shares, reduction='sum', **setting).backward()
    expected = paper_delta(loss, scores.detach(), negative + (positive - negative) * shares)
    assert torch.allclose(scores.grad, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_one_hot_class_scores_equal_labels(loss, setting):
    scores, labels, weight, class_weight = make_case(3)
    labels = labels.masked_fill(labels == IGNORE, 0)
    one_hot = torch.nn.functional.one_hot(labels, scores.shape[1]).movedim(-1, 1).double()
    options = dict(weight=weight, class_weight=class_weight, **setting)
    assert torch.allclose(loss(scores, labels, **options), loss(scores, one_hot, **options), rtol=1e-14)


def test_only_the_target_class_has_the_positive_target():
    formula, scores = ExpGB(0.1, (0.0, 16.0)), torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    terms = potentials(formula, scores, torch.tensor([1]))
    terms.sum().backward()
    delta = 0.1 * scores.detach().exp() - torch.tensor([[0.0, 16.0, 0.0]])
    torch.testing.assert_close(scores.grad, delta)
    assert torch.equal(terms[0, [0, 2]], 0.1 * scores[0, [0, 2]].exp())

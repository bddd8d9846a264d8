"""What alpha and the targets of exp-GB change of a training: its start and its rate, and nothing else."""

import math

import pytest
import torch
from torch import nn

from mmgb.functional import exp_gb_loss

CLASSES = 4


def train(loss, rate, bias, steps=20):
    """Ten outputs after ``steps`` of SGD with momentum, and the weights, of a small network in float64."""
    torch.manual_seed(0)
    hidden, last = nn.Linear(5, 7).double(), nn.Linear(7, CLASSES).double()
    nn.init.constant_(last.bias, bias)
    parameters = [*hidden.parameters(), *last.parameters()]
    optimizer = torch.optim.SGD(parameters, rate, momentum=0.9)
    inputs, labels = torch.randn(10, 5).double(), torch.randint(CLASSES, (10,))
    for _ in range(steps):
        optimizer.zero_grad()
        loss(last(hidden(inputs).relu()), labels).backward()
        optimizer.step()
    return last(hidden(inputs).relu()).detach(), [hidden.weight.detach(), last.weight.detach()]


@pytest.mark.parametrize('alpha, positive', [(0.1, 1.0), (1.0, 16.0), (0.01, 6.0), (3.0, 2.0)])
def test_from_the_same_start_alpha_changes_nothing_and_the_target_only_scales_the_rate(alpha, positive):
    def outcome(alpha, positive):
        fit = math.log(positive / alpha)
        outputs, weights = train(
            lambda *x: exp_gb_loss(*x, alpha=alpha, targets=(0.0, positive)),
            rate=0.02 / positive,
            bias=fit - math.log(CLASSES),
        )
        return [outputs - fit, *weights]

    for found, expected in zip(outcome(alpha, positive), outcome(0.1, 16.0)):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


def test_from_zero_outputs_they_are_the_distance_to_the_start_of_the_prior():
    """alpha / T is the share of the target that an output of 0 has: 1/C is the start at the prior, without FitPrior."""
    scores, labels = torch.zeros(CLASSES, CLASSES, dtype=torch.float64, requires_grad=True), torch.arange(CLASSES)
    exp_gb_loss(scores, labels, alpha=2.0, targets=(0.0, 2.0 * CLASSES)).backward()
    torch.testing.assert_close(scores.grad.sum(0), torch.zeros(CLASSES).double(), rtol=0, atol=1e-12)


def test_with_the_normaliser_targets_are_nothing_but_a_rate():
    """T exp(x) / sum exp(x) - t, with targets {0, T}, is cross-entropy at T times its rate."""
    scores, labels = torch.randn(6, CLASSES, dtype=torch.float64, requires_grad=True), torch.randint(CLASSES, (6,))
    (16 * nn.functional.cross_entropy(scores, labels, reduction='sum')).backward()
    boosted = 16 * scores.detach().exp() / scores.detach().exp().sum(1, keepdim=True)
    expected = boosted - 16 * nn.functional.one_hot(labels, CLASSES)
    torch.testing.assert_close(scores.grad, expected, rtol=1e-12, atol=1e-12)

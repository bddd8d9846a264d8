"""The penalised cross-entropy leads from cross-entropy to exp-GB, and its networks are measured right."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mmgb.analysis.normaliser_penalty import Samples, evaluate, penalised_cross_entropy, train
from mmgb.functional import exp_gb_loss


def gradient(loss, scores):
    scores = scores.clone().requires_grad_()
    return torch.autograd.grad(loss(scores), scores)[0]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 2))
def test_the_loss_is_cross_entropy_plus_the_penalty(seed, factor):
    scores = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 3
    labels = torch.arange(4)
    mean = scores.exp().sum(1) / 5
    expected = -(scores.exp() / scores.exp().sum(1, keepdim=True))[range(4), labels].log()
    expected = (expected + factor * (mean - 1 - mean.log())).mean()
    torch.testing.assert_close(penalised_cross_entropy(scores, labels, factor), expected)


def test_at_factor_1_its_gradient_is_that_of_matched_exp_gb_up_to_the_scale_of_the_targets():
    scores, labels = torch.randn(6, 7, dtype=torch.float64), torch.arange(6)
    ours = gradient(lambda scores: penalised_cross_entropy(scores, labels, 1.0), scores)
    boosted = gradient(lambda scores: exp_gb_loss(scores, labels, alpha=1 / 7, targets=(0.0, 1.0)), scores)
    torch.testing.assert_close(ours, boosted)


def separable():
    labels = torch.arange(200) % 2
    return Samples((2.0 * labels - 1)[:, None], labels)


def test_training_fits_separable_samples_and_the_penalty_narrows_the_normaliser():
    torch.manual_seed(0)
    outcomes = []
    for factor in (0.0, 1.0):
        network = nn.Linear(1, 2)
        nn.init.normal_(network.weight, std=2.0)
        nn.init.constant_(network.bias, -2.0)
        before = evaluate(network, separable())
        assert train(network, separable(), factor, 0.1, epochs=5, batch=20)
        outcomes.append((before, evaluate(network, separable())))
    assert all(after.error == 0 for _, after in outcomes)
    assert outcomes[1][1].spread < outcomes[1][0].spread


def test_a_loss_that_is_not_finite_ends_the_training():
    network = nn.Linear(1, 2)
    nn.init.constant_(network.weight, math.inf)
    assert not train(network, separable(), 1.0, 0.1, epochs=1, batch=20)

"""exp-GB: its divergence, and the effect of its settings on training."""

import math

import pytest
import torch
from helpers.loss_cases import EXP, make_case
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mmgb.functional import exp_gb_loss

CLASSES = 4


def test_exp_gb_is_the_generalised_kullback_leibler_divergence():
    scores, shares, _, _ = make_case(4, soft=True)
    t = 16 * shares
    y = 0.1 * scores.detach().exp()
    expected = (t * (t / y).log() - t + y).sum()
    assert torch.allclose(exp_gb_loss(scores, shares, reduction='sum', **EXP), expected, rtol=1e-12)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    classes=st.integers(2, 50),
    alpha=st.floats(1e-3, 1.0),
    positive=st.floats(0.1, 20.0),
    soft=st.booleans(),
)
def test_exp_gb_is_cross_entropy_plus_a_penalty_on_the_normaliser(seed, classes, alpha, positive, soft):
    """T * (CE + e^u - 1 - u), without a constant; from class scores p, CE is less their entropy: KL(p, softmax)."""
    generator = torch.Generator().manual_seed(seed)
    x = (2 * torch.randn(7, classes, generator=generator, dtype=torch.float64)).requires_grad_()
    target = torch.randint(classes, (7,), generator=generator)
    if soft:
        target = torch.rand(7, classes, generator=generator, dtype=torch.float64).softmax(1)
    entropy = -torch.xlogy(target, target).sum(1) if soft else 0

    u = (alpha * x.exp()).sum(1).log() - math.log(positive)
    divergence = nn.functional.cross_entropy(x, target, reduction='none') - entropy
    expected = positive * (divergence + u.exp() - 1 - u)
    found = exp_gb_loss(x, target, alpha=alpha, targets=(0.0, positive), reduction='none')
    scale = positive * (divergence + u.exp() + 1 + u.abs()).detach()
    assert ((found - expected).abs() <= 1e-12 * scale).all()
    (gradient,), (expected,) = (torch.autograd.grad(value.sum(), x) for value in (found, expected))
    assert ((gradient - expected).abs() <= 1e-12 * (alpha * x.exp() + positive)).all()


def test_a_single_output_takes_class_scores():
    scores = torch.tensor([[0.5], [2.0]], dtype=torch.float64, requires_grad=True)
    exp_gb_loss(scores, torch.tensor([[0.0], [1.0]]), reduction='sum', **EXP).backward()
    assert torch.allclose(scores.grad, 0.1 * scores.detach().exp() - torch.tensor([[0.0], [16.0]]), rtol=1e-12)


def train(loss, rate, bias, steps=20):
    """Train a small float64 network by SGD with momentum. Returns its outputs for ten samples, and its weights."""
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
def test_from_the_same_start_alpha_has_no_effect_and_the_target_scales_the_learning_rate(alpha, positive):
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


def test_from_zero_outputs_alpha_over_the_target_is_the_prior_probability():
    """With alpha / T = 1/C, training starts at the uniform prior of C classes without FitPrior."""
    scores, labels = torch.zeros(CLASSES, CLASSES, dtype=torch.float64, requires_grad=True), torch.arange(CLASSES)
    exp_gb_loss(scores, labels, alpha=2.0, targets=(0.0, 2.0 * CLASSES)).backward()
    torch.testing.assert_close(scores.grad.sum(0), torch.zeros(CLASSES).double(), rtol=0, atol=1e-12)


def test_with_the_normaliser_the_target_is_a_factor_of_the_learning_rate():
    """T exp(x) / sum exp(x) - t, with targets {0, T}, is T times the gradient of cross-entropy."""
    scores, labels = torch.randn(6, CLASSES, dtype=torch.float64, requires_grad=True), torch.randint(CLASSES, (6,))
    (16 * nn.functional.cross_entropy(scores, labels, reduction='sum')).backward()
    boosted = 16 * scores.detach().exp() / scores.detach().exp().sum(1, keepdim=True)
    expected = boosted - 16 * nn.functional.one_hot(labels, CLASSES)
    torch.testing.assert_close(scores.grad, expected, rtol=1e-12, atol=1e-12)

"""The mirrored exponential against its definition."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB, mirrored_exp_gb_loss

ALPHA, BETA, TARGETS = 0.1, 0.3, (-1.0, 16.0)


def paper_delta(x, t):
    """Return the error delta of Section 2.2."""
    return ALPHA * math.copysign(1, x) * math.exp(abs(x) - 1) + BETA - t


@settings(max_examples=200)
@given(x=st.floats(-9, 9).filter(lambda x: abs(x) > 1e-6), share=st.floats(0, 1))
def test_value_is_the_integral_of_the_papers_delta_from_its_minimum_and_the_gradient_is_that_delta(x, share):
    t = TARGETS[0] + (TARGETS[1] - TARGETS[0]) * share
    scores = torch.tensor([[x]], dtype=torch.float64, requires_grad=True)
    value = mirrored_exp_gb_loss(
        scores, torch.tensor([[share]], dtype=torch.float64), alpha=ALPHA, beta=BETA, targets=TARGETS
    )
    value.backward()
    assert scores.grad.item() == pytest.approx(paper_delta(x, t), rel=1e-12, abs=1e-12)

    fit = MirroredExpGB(ALPHA, BETA, TARGETS).fit(t)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for low, high in ((min(fit, 0), max(fit, 0)),) if fit * x < 0 else ():  # split at the jump
        total += (
            math.copysign(1, x - fit)
            * sum(w * paper_delta(low + (high - low) * (n + 1) / 2, t) for n, w in zip(nodes, weights))
            * (high - low)
            / 2
        )
    start = 0.0 if fit * x < 0 else fit
    low, high = min(start, x), max(start, x)
    total += (
        math.copysign(1, x - start)
        * sum(w * paper_delta(low + (high - low) * (n + 1) / 2, t) for n, w in zip(nodes, weights))
        * (high - low)
        / 2
    )
    assert value.item() == pytest.approx(total, rel=1e-8, abs=1e-9)
    assert value.item() >= 0


@pytest.mark.parametrize('t', [-5.0, -0.5, 0.28, 0.3, 0.32, 3.0, 16.0])
def test_minimum_is_zero_at_the_fit(t):
    formula = MirroredExpGB(ALPHA, BETA, TARGETS)
    values = torch.tensor(t, dtype=torch.float64)
    fit = formula.fit(t)
    assert formula.potential(torch.tensor(fit, dtype=torch.float64), values).item() == pytest.approx(0, abs=1e-12)
    for distance in (-1e-3, 1e-3, -1.0, 1.0):
        assert formula.potential(torch.tensor(fit + distance, dtype=torch.float64), values) > 0


def test_settings_are_checked():
    with pytest.raises(ValueError, match='alpha=0: expected a positive number'):
        mirrored_exp_gb_loss(torch.zeros(1, 2), torch.tensor([0]), alpha=0)

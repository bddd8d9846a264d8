"""pow3-GB: its quartic, and the effect of beta."""

import numpy as np
import pytest
import torch
from helpers.loss_cases import PATHS, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import pow3_gb_loss
from mmgb.functional.losses.pow3_gb import Pow3GB, resolve_beta


def test_value_is_the_quartic_minus_its_minimum():
    scores = torch.linspace(-30, 30, 13, dtype=torch.float64)
    for t in (-2.0, 0.0, 10.0):
        fit = np.cbrt((t - 0.4) / 0.001)

        def quartic(x, t=t):
            return 0.001 / 4 * x**4 + (0.4 - t) * x

        torch.testing.assert_close(
            Pow3GB(0.001, 0.4, (0.0, 10.0)).potential(scores, t), quartic(scores) - quartic(fit), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('negative, positive', [(0.0, 10.0), (-2.0, 6.0)])
def test_with_beta_at_the_negative_target_the_loss_is_a_quartic_minus_the_target_classs_score(path, negative, positive):
    """alpha/4 * sum x**4 - (T - t0) * x_y plus a constant, so a wrong score of 0 has neither gradient nor curvature."""
    scores, labels, alpha = 5 * torch.randn(40, 6), torch.randint(6, (40,)), 0.001
    scores[:, 2] = 0
    setting = dict(alpha=alpha, beta=negative, targets=(negative, positive), reduction='sum')
    value, gradient = value_and_gradient(path, pow3_gb_loss, scores, labels, **setting)

    x = scores.double().requires_grad_()
    quartic = (alpha / 4 * x**4).sum() - (positive - negative) * x.gather(1, labels.unsqueeze(1)).sum()
    fit = np.cbrt((positive - negative) / alpha)
    least = alpha / 4 * fit**4 - (positive - negative) * fit
    (expected,) = torch.autograd.grad(quartic, x)
    precision = 1e-12 if path == 'float64' else 1e-6
    assert value.item() == pytest.approx(quartic.item() - 40 * least, rel=precision)
    torch.testing.assert_close(gradient.double(), expected, rtol=precision, atol=10 * precision)
    assert (gradient[labels != 2, 2] == 0).all()

    curvature = torch.func.hessian(lambda x: pow3_gb_loss(x, labels[:1], **setting))(scores[:1].double())
    torch.testing.assert_close(curvature.reshape(6, 6), (3 * alpha * scores[:1].double() ** 2).flatten().diag())


@settings(max_examples=50)
@given(seed=st.integers(0, 2**31), spread=st.sampled_from([0.1, 10.0]), target=st.sampled_from([-2.0, 0.0, 10.0]))
def test_without_a_shift_each_bit_is_that_of_the_papers_formula(seed, spread, target):
    x = spread * torch.randn(200, generator=torch.Generator().manual_seed(seed))
    formula = Pow3GB(0.001, 0.4, (0.0, 10.0))
    assert formula.shift == 0 and torch.equal(formula.delta(x, target), 0.001 * x**3 + (0.4 - target))
    fit = torch.tensor(np.cbrt((target - 0.4) / 0.001)).float()
    rest = torch.tensor(formula.fit(target) - fit.item()).float()
    quartic = 0.001 / 4 * ((x - fit) - rest) ** 2 * ((x + fit) ** 2 + 2 * fit**2)
    torch.testing.assert_close(formula.potential(x, target), quartic, rtol=0, atol=0)


def test_beta_is_the_papers_unless_the_units_are_matched():
    assert resolve_beta(None, (0.0, 10.0), matched=False) == 0.4
    assert resolve_beta(None, (-2, 10), matched=True) == -2
    assert resolve_beta(0.1, (0.0, 10.0), matched=True) == resolve_beta(0.1, (0.0, 10.0), matched=False) == 0.1
    with pytest.raises(ValueError, match='targets=None: expected two numbers'):
        pow3_gb_loss(torch.zeros(1, 2), torch.tensor([0]), targets=None, matched=True)
    scores, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    assert torch.equal(pow3_gb_loss(scores, labels), pow3_gb_loss(scores, labels, beta=0.4))

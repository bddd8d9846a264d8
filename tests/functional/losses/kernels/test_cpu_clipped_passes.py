"""The loops with ``max_delta`` equal the formula, here without the compiler and in test_cpu_compiled.py with it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.kernels.cpu_compiled import pass_of
from mmgb.functional.losses.pow3_gb import Pow3GB


@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**31),
    spread=st.sampled_from([0.1, 5.0, 30.0]),
    bound=st.sampled_from([0.3, 3.0, 20.0]),
    positive=st.sampled_from([1.0, 16.0]),
    shape=st.sampled_from([(6, 4, 1), (2, 3, 5)]),
)
def test_each_loop_equals_the_formula(loss, seed, spread, bound, positive, shape):
    generator = torch.Generator().manual_seed(seed)
    scores = spread * torch.randn(shape, generator=generator)
    labels = torch.randint(shape[1], (shape[0], shape[2]), generator=generator)
    factor = torch.rand(labels.shape, generator=generator).masked_fill(labels == 0, 0)
    scores.masked_fill_((factor == 0).unsqueeze(1), torch.nan)  # never seen
    formula = ExpGB(0.1, (0.0, positive), bound) if loss is exp_gb_loss else Pow3GB(0.01, 0.1, (0.0, positive), bound)
    one_pass = pass_of(formula)
    constants = [torch.tensor(constant, dtype=torch.float64) for constant in one_pass.constants(formula)]
    value, gradient = one_pass.run.function(scores, labels, factor, *constants)

    double = scores.double().requires_grad_()
    setting = dict(alpha=formula.alpha, targets=formula.targets, max_delta=bound, reduction='sum')
    setting.update(dict(beta=0.1) if loss is pow3_gb_loss else {})
    expected = loss(double, labels, weight=factor, **setting)
    expected.backward()
    assert value.item() == pytest.approx(expected.item(), rel=2e-6)
    torch.testing.assert_close(gradient.double(), double.grad, rtol=1e-5, atol=2e-6 * bound * max(1, positive))


def test_infinite_scores_give_an_infinite_loss_and_the_bound_as_gradient():
    formula = Pow3GB(0.001, 0.0, (0.0, 1.0), 1.0)
    constants = [torch.tensor(constant, dtype=torch.float64) for constant in pass_of(formula).constants(formula)]
    scores = torch.tensor([[[torch.inf], [0.0]]])
    value, gradient = pass_of(formula).run.function(scores, torch.tensor([[1]]), torch.ones(1, 1), *constants)
    assert value == torch.inf and gradient.flatten().tolist() == [1.0, -1.0]

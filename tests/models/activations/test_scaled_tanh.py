"""ScaledTanh is the sigmoid recommended in Efficient BackProp."""

import math

import pytest
import torch
from mmengine.registry import MODELS


def test_values_and_gradients_match_the_formula():
    activation = MODELS.build(dict(type='mmgb.ScaledTanh'))
    x = torch.linspace(-6, 6, 49, dtype=torch.float64, requires_grad=True)
    y = activation(x)
    expected = torch.tensor([1.7159 * math.tanh(2 * value / 3) for value in x.tolist()], dtype=torch.float64)
    assert torch.allclose(y, expected, atol=1e-12)
    y.sum().backward()
    slope = torch.tensor([1.7159 * 2 / 3 / math.cosh(2 * value / 3) ** 2 for value in x.tolist()], dtype=torch.float64)
    assert torch.allclose(x.grad, slope, atol=1e-12)


def test_1_maps_to_1_and_variance_1_is_nearly_kept():
    activation = MODELS.build(dict(type='mmgb.ScaledTanh'))
    assert activation(torch.tensor([1.0, -1.0])).tolist() == pytest.approx([1, -1], abs=1e-4)
    torch.manual_seed(0)
    assert 0.7 < activation(torch.randn(100_000)).var() < 1.1

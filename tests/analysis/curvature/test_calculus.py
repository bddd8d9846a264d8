"""Roots and derivatives, compared with closed forms."""

import pytest
import torch

from mmgb.analysis.curvature.calculus import derivative, root


@pytest.mark.parametrize('sign', [1, -1])
def test_root_of_a_rising_or_falling_function_is_found_to_float64_resolution(sign):
    assert root(lambda x: sign * (x * x - 2), 0, 2) == pytest.approx(2**0.5, rel=1e-15)


def test_no_root_where_the_sign_is_the_same_at_both_ends():
    with pytest.raises(ValueError, match='^low=1, high=2: expected a function with different signs'):
        root(lambda x: x, 1, 2)


@pytest.mark.parametrize('order, true', [(1, lambda x: 4 * x**3), (2, lambda x: 12 * x**2), (3, lambda x: 24 * x)])
def test_derivatives_of_a_quartic(order, true):
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    torch.testing.assert_close(derivative(lambda x: x**4, x, order), true(x))

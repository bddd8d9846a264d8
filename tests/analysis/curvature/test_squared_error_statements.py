"""Numbers behind the statements on squared error, compared with closed forms and finite differences."""

import math

import pytest

from mmgb.analysis.curvature.squared_error_statements import squared_error_statements

STATEMENTS = squared_error_statements()


def values(start):
    """Numbers of the statement whose claim begins with ``start``."""
    (found,) = (statement.values for statement in STATEMENTS if statement.claim.startswith(start))
    return found


def test_exponential_and_quartic_term_are_equal_where_exp_x_is_3_x_squared():
    found = values('9x⁴')
    for x in found.values():
        assert math.exp(x) == pytest.approx(3 * x * x, rel=1e-12)
    assert found['left'] < 0 < found['inner'] < 1 < found['outer']
    for x, quartic_is_larger in ((-1, True), (0, False), (2, True), (4, False), (40, False)):
        assert (9 * x**4 > math.exp(2 * x)) == quartic_is_larger


def test_at_a_fit_the_second_derivative_is_the_squared_slope_of_the_output():
    found = values('This means')
    slopes = dict(linear=1.0, softmax=0.9, exp=0.9, pow3=3 * 0.9 ** (2 / 3))
    for name, slope in slopes.items():
        assert found[name] == pytest.approx(slope**2, rel=1e-12)


def test_convexity_ends_where_the_formulas_predict():
    found = values('Around')
    assert found['exp_convex_from'] == pytest.approx(math.log(0.45), rel=1e-12)  # 2y = t
    assert found['pow3_convex_from'] == pytest.approx((0.4 * 0.9) ** (1 / 3), rel=1e-12)  # 15x⁴ = 6xt


def test_a_fixed_normaliser_gives_another_second_derivative_than_finite_differences():
    found = values('(2) is')
    step, error = 1e-4, []
    for x in (-step, 0, step):
        y = 1 / (1 + math.exp(-x))
        error.append(((y - 1) ** 2 + (1 - y) ** 2) / 2)
    assert found['true'] == pytest.approx((error[0] - 2 * error[1] + error[2]) / step**2, abs=1e-6)
    assert found['printed'] == 0

"""Numbers behind the statements on the boosted losses, compared with closed forms."""

import math

import pytest

from mmgb.analysis.curvature.boosted_loss_statements import boosted_loss_statements

STATEMENTS = boosted_loss_statements()


def values(start):
    """Numbers of the statement whose claim begins with ``start``."""
    (found,) = (statement.values for statement in STATEMENTS if statement.claim.startswith(start))
    return found


def test_boosted_losses_exceed_1_and_a_quarter_where_the_formulas_predict():
    found = values('e^x and 3x²')
    for name, bound in (('1', 1.0), ('quarter', 0.25)):
        assert found[f'exp_above_{name}_from'] == pytest.approx(math.log(bound / 0.1), rel=1e-12)
        assert found[f'pow3_above_{name}_from'] == pytest.approx(math.sqrt(bound / 0.003), rel=1e-12)


def test_a_step_lowers_a_more_curved_parabola_less():
    found = values('A larger H')
    for curvature in (1, 9):
        x = 1 / curvature  # where the slope of curvature*x²/2 is 1
        decrease = curvature * (x**2 - (x - 0.1) ** 2) / 2
        assert found[f'decrease_h{curvature}'] == pytest.approx(decrease, rel=1e-12)

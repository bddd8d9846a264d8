"""The verdicts on Section 4, and that their counterexamples are ones."""

import math

import pytest

from mmgb.analysis.curvature.boosting_statements import section_4_statements, statements_text
from mmgb.analysis.curvature.statements import root

STATEMENTS = section_4_statements()
VERDICTS = [
    ('Right-hand sides of (1) to (4)', 'holds'),
    ('… and as printed', 'fails'),
    ('(2) is the second', 'fails'),
    ('Around a local minimum', 'holds'),
    ('This means that H ≈ 0', 'fails'),
    ('… and that first and second', 'fails'),
    ('9x⁴ > e^{2x}', 'fails'),
    ('e^{2x} > e^{2x}/s²', 'holds'),
    ('e^{2x}/s² > 1', 'fails'),
    ('Locally H_pow3 > H_exp', 'fails'),
    ('H_softmax depends on s', 'fails'),
    ('Half of the outputs', 'holds'),
    ('A single output', 'holds'),
    ('A well-trained model', 'an observation'),
    ('s starts at 2,342', 'an observation'),
    ('H_exp-GB = e^x', 'holds'),
    ('… and for the alphas', 'fails'),
    ('H_softmax = 1', 'fails'),
    ('e^x and 3x² only add', 'fails'),
    ('A larger H', 'fails'),
]


def values(start):
    (found,) = (statement.values for statement in STATEMENTS if statement.claim.startswith(start))
    return found


@pytest.mark.parametrize('statement, expected', list(zip(STATEMENTS, VERDICTS)), ids=[start for start, _ in VERDICTS])
def test_verdict(statement, expected):
    assert statement.claim.startswith(expected[0]) and statement.verdict == expected[1]


def test_there_is_one_for_each_statement():
    assert len(STATEMENTS) == len(VERDICTS)
    lines = statements_text(STATEMENTS).splitlines()
    assert lines[0].startswith('1. Right-hand') and '. **Holds**: ' in lines[0] and len(lines) == len(VERDICTS)


def test_the_exponential_overtakes_the_quartic_at_the_root_of_e_to_the_x_is_3_x_squared():
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


def test_convexity_ends_where_the_formulas_say():
    found = values('Around')
    assert found['exp_convex_from'] == pytest.approx(math.log(0.45), rel=1e-12)  # 2y = t
    assert found['pow3_convex_from'] == pytest.approx((0.4 * 0.9) ** (1 / 3), rel=1e-12)  # 15x⁴ = 6xt


def test_boosted_losses_exceed_1_and_a_quarter_where_the_formulas_say():
    found = values('e^x and 3x²')
    for name, bound in (('1', 1.0), ('quarter', 0.25)):
        assert found[f'exp_above_{name}_from'] == pytest.approx(math.log(bound / 0.1), rel=1e-12)
        assert found[f'pow3_above_{name}_from'] == pytest.approx(math.sqrt(bound / 0.003), rel=1e-12)


def test_a_step_on_a_parabola_lowers_it_less_the_more_it_bends():
    found = values('A larger H')
    for curvature in (1, 9):
        x = 1 / curvature  # where the slope of curvature*x²/2 is 1
        decrease = curvature * (x**2 - (x - 0.1) ** 2) / 2
        assert found[f'decrease_h{curvature}'] == pytest.approx(decrease, rel=1e-12)


def test_the_counterexample_to_a_fixed_normaliser():
    found = values('(2) is')
    step, error = 1e-4, []
    for x in (-step, 0, step):
        y = 1 / (1 + math.exp(-x))
        error.append(((y - 1) ** 2 + (1 - y) ** 2) / 2)
    assert found['true'] == pytest.approx((error[0] - 2 * error[1] + error[2]) / step**2, abs=1e-6)
    assert found['printed'] == 0


def test_no_root_where_the_sign_is_the_same_at_both_ends():
    with pytest.raises(ValueError, match='^expected another sign at 1 than at 2$'):
        root(lambda x: x, 1, 2)

"""The verdict on each statement of Section 4."""

import pytest

from mmgb.analysis.curvature.section_4 import section_4_statements

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


@pytest.mark.parametrize('statement, expected', list(zip(STATEMENTS, VERDICTS)), ids=[start for start, _ in VERDICTS])
def test_verdict(statement, expected):
    assert statement.claim.startswith(expected[0]) and statement.verdict == expected[1]


def test_every_statement_has_an_expected_verdict():
    assert len(STATEMENTS) == len(VERDICTS)

"""A statement's verdict and its line in the report."""

from mmgb.analysis.curvature.statement import Statement, statements_text, verdict


def test_verdict_says_whether_a_condition_holds():
    assert (verdict(1 < 2), verdict(1 > 2)) == ('holds', 'fails')


def test_statements_are_numbered_with_their_verdict_and_reason():
    statements = [Statement('a', 'holds', 'proof', {}), Statement('b', 'an observation', 'data', {'x': 1.0})]
    assert statements_text(statements) == '1. a. **Holds**: proof.\n2. b. **An observation**: data.\n'

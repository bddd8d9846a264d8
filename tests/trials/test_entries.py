"""Tables and claims are read from the manifests."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.entries import make_claim, make_table

CLAIM = dict(statement='B beats A', expected='lower', first='a', second='b')


def test_a_table_defaults_to_the_familys_readme_and_rows_may_have_labels():
    block = make_table('name', {'kind': 'gains', 'rows': ['one', {'two': 'Label'}]}, 'configs/f/README.md', 'x')
    assert block.file == 'configs/f/README.md' and block.rows == {'one': 'one', 'two': 'Label'}
    other = make_table('name', {'kind': 'claims', 'file': 'docs/a.md'}, 'configs/f/README.md', 'x')
    assert other.file == 'docs/a.md' and other.rows == {}


def test_a_claim_is_about_the_minimum_error_of_whole_curves_unless_it_says_otherwise():
    claim = make_claim(CLAIM, 'x')
    assert (claim.quantity, claim.paper, claim.until, claim.headline) == ('minimum error', '', None, None)
    claim = make_claim({**CLAIM, 'quantity': 'best epoch', 'until': ['6', '4']}, 'x')
    assert (claim.quantity, claim.until) == ('best epoch', (6.0, 4.0))
    claim = make_claim({**CLAIM, 'headline': {'change': 'A to B', 'tried_on': 'data'}}, 'x')
    assert claim.headline == ('A to B', 'data')


@pytest.mark.parametrize(
    'change, message',
    [
        ({'expected': 'less'}, "x.expected='less': expected lower or higher"),
        ({'quantity': 'time'}, "x.quantity='time': expected minimum error or best epoch"),
        ({'third': 'c'}, 'x.third: expected one of statement'),
        ({'headline': 'true'}, 'x.headline'),
        ({'headline': {'change': 'A to B'}}, 'x.headline'),
        (
            {'headline': {'change': 'A to B', 'tried_on': 'data'}, 'quantity': 'best epoch'},
            "x.quantity='best epoch': expected minimum error for a headline",
        ),
    ],
)
def test_an_invalid_claim_is_refused(change, message):
    with pytest.raises(ConfigError) as refusal:
        make_claim({**CLAIM, **change}, 'x')
    assert message in str(refusal.value)

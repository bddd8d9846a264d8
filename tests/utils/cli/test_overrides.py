import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.overrides import LONGEST_SLUG, parse_overrides, slug

TEXTS = st.lists(st.text(st.characters(codec='ascii', categories=['L', 'N', 'P']), max_size=80), max_size=4)


def test_overrides_are_parsed_as_on_the_command_line_of_train():
    assert parse_overrides(['a=1', 'b.c=1e-3', 'd=None', 'e=(0,16)', 'f=[a,True]'], '--x') == {
        'a': 1,
        'b.c': 0.001,
        'd': None,
        'e': [0, 16],
        'f': ['a', True],
    }


@pytest.mark.parametrize(
    'text, message',
    [
        ('a', "--x 'a': expected KEY=VALUE"),
        ('a=[1', "--x 'a=[1': expected balanced brackets"),
        ('a=[dict(b=1,c=2)]', "--x 'a=[dict(b=1,c=2)]': VALUE is a number, a word or a list of these"),
    ],
)
def test_an_invalid_override_is_refused_with_its_option(text, message):
    with pytest.raises(ConfigError) as refusal:
        parse_overrides([text], '--x')
    assert message in str(refusal.value)


@given(TEXTS, TEXTS)
def test_slugs_are_folder_names_and_differ_for_different_overrides(one, other):
    for name in (slug(one), slug(other)):
        assert '/' not in name and len(name) <= LONGEST_SLUG + 9
    assert ','.join(one) == ','.join(other) or slug(one) != slug(other)


def test_a_plain_override_is_its_own_slug():
    assert slug(['optimizer.lr=0.1', 'model.alpha=1e-3']) == 'optimizer.lr=0.1,model.alpha=1e-3'

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.utils.overrides import LONGEST_SLUG, make_grid, parse_overrides, slug, split_values

ATOM = st.text('ab0.-_', min_size=1, max_size=3)
# Atoms, and lists of values in any brackets, nested.
VALUE = st.recursive(
    ATOM,
    lambda inner: st.tuples(st.sampled_from(['()', '[]']), st.lists(inner, min_size=1, max_size=3)).map(
        lambda part: part[0][0] + ','.join(part[1]) + part[0][1]
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(VALUE, min_size=1, max_size=5))
def test_values_are_split_where_they_were_joined(values):
    assert split_values(','.join(values)) == values


def test_a_grid_is_the_product_of_its_keys_values_in_their_order():
    assert make_grid(['a.b=[0,6],(1,2)', 'c=x, 0.1']) == [
        ['a.b=[0,6]', 'c=x'],
        ['a.b=[0,6]', 'c=0.1'],
        ['a.b=(1,2)', 'c=x'],
        ['a.b=(1,2)', 'c=0.1'],
    ]
    assert make_grid([]) == [[]]


@pytest.mark.parametrize(
    'varied, said',
    [
        (['a'], "--vary 'a' should be KEY=V1,V2,…"),
        (['=1,2'], 'should be KEY=V1,V2'),
        (['a=1,,2'], "--vary 'a=1,,2': a value is empty"),
        (['a='], 'a value is empty'),
        (['a=[1,2'], 'the brackets are not balanced'),
        (['a=1],2'], 'the brackets are not balanced'),
        (['a=0.1,1e-1'], "--vary 'a=0.1,1e-1' has a value twice"),
        (['a=1', 'a=2'], '--vary a is given twice: write its values as a=V1,V2'),
    ],
)
def test_a_grid_that_cannot_be_is_refused(varied, said):
    with pytest.raises(ConfigError) as refusal:
        make_grid(varied)
    assert said in str(refusal.value)


def test_overrides_are_read_as_on_the_command_line_of_training():
    assert parse_overrides(['a=1', 'b.c=1e-3', 'd=None', 'e=(0,16)', 'f=[a,True]'], '--x') == {
        'a': 1,
        'b.c': 0.001,
        'd': None,
        'e': [0, 16],
        'f': ['a', True],
    }
    for text, said in (
        ('a', "--x 'a' should be KEY=VALUE"),
        ('a=[1', "--x 'a=[1': the brackets are not balanced"),
        ('a=[dict(b=1,c=2)]', "--x 'a=[dict(b=1,c=2)]': VALUE is a number, a word or a list of these"),
    ):
        with pytest.raises(ConfigError) as refusal:
            parse_overrides([text], '--x')
        assert said in str(refusal.value)


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(codec='ascii', categories=['L', 'N', 'P']), max_size=80), max_size=4),
    st.lists(st.text(st.characters(codec='ascii', categories=['L', 'N', 'P']), max_size=80), max_size=4),
)
def test_slugs_are_names_of_folders_and_other_ones_for_other_overrides(one, other):
    for name in (slug(one), slug(other)):
        assert '/' not in name and len(name) <= LONGEST_SLUG + 9
    assert ','.join(one) == ','.join(other) or slug(one) != slug(other)


def test_a_plain_override_is_its_own_slug():
    assert slug(['optimizer.lr=0.1', 'model.alpha=1e-3']) == 'optimizer.lr=0.1,model.alpha=1e-3'

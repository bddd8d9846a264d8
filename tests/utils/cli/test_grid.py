import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.grid import make_grid, split_values

ATOM = st.text('ab0.-_', min_size=1, max_size=3)
# Atoms, and lists of values in either kind of brackets, nested.
VALUE = st.recursive(
    ATOM,
    lambda inner: st.tuples(st.sampled_from(['()', '[]']), st.lists(inner, min_size=1, max_size=3)).map(
        lambda part: part[0][0] + ','.join(part[1]) + part[0][1]
    ),
    max_leaves=5,
)


@given(st.lists(VALUE, min_size=1, max_size=5))
def test_splitting_joined_values_returns_them(values):
    assert split_values(','.join(values)) == values


def test_a_grid_is_the_ordered_product_of_the_values_of_its_keys():
    assert make_grid(['a.b=[0,6],(1,2)', 'c=x, 0.1']) == [
        ['a.b=[0,6]', 'c=x'],
        ['a.b=[0,6]', 'c=0.1'],
        ['a.b=(1,2)', 'c=x'],
        ['a.b=(1,2)', 'c=0.1'],
    ]
    assert make_grid([]) == [[]]


@pytest.mark.parametrize(
    'varied, message',
    [
        (['a'], "--vary 'a': expected KEY=V1,V2,…"),
        (['=1,2'], 'expected KEY=V1,V2'),
        (['a=1,,2'], "--vary 'a=1,,2': expected a value between commas, got an empty one"),
        (['a='], 'got an empty one'),
        (['a=[1,2'], 'expected balanced brackets'),
        (['a=1],2'], 'expected balanced brackets'),
        (['a=0.1,1e-1'], "--vary 'a=0.1,1e-1': expected different values, got one twice"),
        (['a=1', 'a=2'], '--vary a: expected each key once, got it twice; write a=V1,V2'),
    ],
)
def test_an_invalid_grid_is_refused(varied, message):
    with pytest.raises(ConfigError) as refusal:
        make_grid(varied)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    'varied, said',
    [
        (['a=' + ','.join(map(str, range(10**5)))], 'expected a grid of at most 10000 settings, got 100000'),
        (['a=' + ','.join(map(str, range(200))), 'b=' + ','.join(map(str, range(200)))], 'settings, got 40000'),
        (['a=' + ',' * 10**5], 'expected a value between commas'),
        (['a=' + '[' * 10**6], 'expected balanced brackets'),
        (['a=[' + 'x' * 10**6], 'expected balanced brackets'),
    ],
    ids=['values', 'grid', 'commas', 'brackets', 'letters'],
)
def test_a_huge_grid_is_refused_early_and_in_a_short_sentence(varied, said):
    start = time.process_time()
    with pytest.raises(ConfigError, match=said) as refusal:
        make_grid(varied)
    assert len(str(refusal.value)) <= 500 and time.process_time() - start < 20


def test_a_long_value_is_split_in_linear_time():
    start = time.process_time()
    assert split_values('x' * 10**6 + ',' + 'y' * 10**6) == ['x' * 10**6, 'y' * 10**6]
    assert time.process_time() - start < 5

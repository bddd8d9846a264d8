"""Class-name files in the official format and as plain names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.datasets.class_name_file import read_class_names
from mmgb.functional.errors import ConfigError


def test_names_are_read_with_and_without_their_indices():
    assert read_class_names(b'/a/airfield 0\n/b/bus station 1\n\n') == ('a/airfield', 'b/bus station')
    assert read_class_names(b'airfield\r\nbus station\n') == ('airfield', 'bus station')


def test_a_byte_order_mark_is_not_part_of_the_first_name():
    assert read_class_names(b'\xef\xbb\xbfairfield 0\n') == ('airfield',)


def test_a_number_in_some_names_belongs_to_the_names():
    assert read_class_names(b'boeing 747\nglider\n') == ('boeing 747', 'glider')


def test_indices_out_of_order_are_refused_with_their_line():
    with pytest.raises(ValueError, match='^line 2: expected class index 1, got 2$'):
        read_class_names(b'/a/airfield 0\n/b/bus 2\n')


@pytest.mark.parametrize('content', [b'airfield 1\nbus 2\n', b'/a 7\n/b 8\n', b'/a 0\n/b 0\n', b'bus 1\nairfield 0\n'])
def test_indices_that_do_not_count_from_0_are_refused(content):
    with pytest.raises(ConfigError, match=r'^line [12]: expected class index [01], got [0-9]$'):
        read_class_names(content)


@pytest.mark.parametrize(
    'names',
    [
        ('Acura RL Sedan 2012', 'BMW M3 Coupe 2012', 'Fiat 500 Abarth 2012'),
        ('Acura RL Sedan 2012', 'Audi R8 Coupe 2011'),
        ('Boeing 747', 'Airbus 320'),
    ],
)
def test_numbers_that_are_no_indices_belong_to_the_names(names):
    assert read_class_names('\n'.join(names).encode()) == names


@given(st.one_of(st.binary(max_size=40), st.text('a/ \n\r0١', max_size=40).map(str.encode)))
def test_any_bytes_are_names_or_one_sentence(content):
    try:
        assert all(isinstance(name, str) for name in read_class_names(content))
    except ConfigError as error:
        assert str(error).startswith('line ')


@pytest.mark.parametrize('content', [b'/a ' + b'9' * 10**5, b'a 0\nb ' + b'1' * 5000])
def test_an_index_of_any_length_is_refused(content):
    with pytest.raises(ConfigError, match='^line [12]: expected class index [01], got ') as caught:
        read_class_names(content)
    assert len(str(caught.value)) <= 500


@pytest.mark.parametrize('first', [0, 1, 7])
def test_names_that_count_are_names(first):
    names = tuple(f'grade {first + i}' for i in range(3))
    assert read_class_names('\n'.join(names).encode()) == names

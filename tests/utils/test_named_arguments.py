import pytest

from mmgb.functional.errors import ConfigError
from mmgb.utils.named_arguments import parse_named


def test_names_and_values_in_order_a_value_may_hold_the_sign():
    assert list(parse_named(['b=x', 'a=y=1'], 'NAME=FILE').items()) == [('b', 'x'), ('a', 'y=1')]


@pytest.mark.parametrize('argument', ['x', '=x', 'x='])
def test_what_lacks_a_part_is_refused_with_the_form(argument):
    with pytest.raises(ConfigError, match=f"'{argument}' should be NAME=FILE"):
        parse_named([argument], 'NAME=FILE')


def test_a_name_is_refused_twice():
    with pytest.raises(ConfigError, match="the name 'a' is given twice"):
        parse_named(['a=x', 'a=y'], 'NAME=FILE')

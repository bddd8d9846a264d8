import pytest

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.named_arguments import parse_named, split_argument


def test_arguments_are_split_at_the_first_equals_sign_and_keep_their_order():
    assert list(parse_named(['b=x', 'a=y=1'], 'NAME=FILE').items()) == [('b', 'x'), ('a', 'y=1')]


@pytest.mark.parametrize('argument', ['x', '=x', 'x='])
def test_a_missing_name_or_value_is_refused_with_the_expected_form(argument):
    with pytest.raises(ConfigError, match=f"^'{argument}': expected NAME=FILE$"):
        parse_named([argument], 'NAME=FILE')


def test_a_repeated_name_is_refused():
    with pytest.raises(ConfigError, match="the name 'a' is given twice"):
        parse_named(['a=x', 'a=y'], 'NAME=FILE')


def test_an_option_may_have_an_empty_value_but_no_empty_key():
    assert split_argument('key=', 'KEY=VALUE', '--x') == ('key', '')
    with pytest.raises(ConfigError, match="^--x '=1': expected KEY=VALUE$"):
        split_argument('=1', 'KEY=VALUE', '--x')

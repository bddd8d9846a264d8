"""--cfg-options parses values as mmengine does, and reports what mmengine cannot parse in one sentence."""

import argparse
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import DictAction

from mmgb.utils.cli.cfg_options import add_cfg_options, parse_value


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(prog='tool.py')
    add_cfg_options(parser, 'override entries')
    return parser


def test_values_are_parsed_as_mmengine_does(parser):
    args = parser.parse_args(['--cfg-options', 'a.b=1', 'c=[x,2.5]', 'd=(1,2)'])
    assert args.cfg_options == {'a.b': 1, 'c': ['x', 2.5], 'd': (1, 2)}
    assert parser.parse_args([]).cfg_options == {}


@pytest.mark.parametrize('option', ['lr', 'load=[1,2', 'hooks=[dict(type=x,y=1)]'])
def test_an_unparsable_option_ends_with_one_sentence_and_exit_code_2(parser, option, capsys):
    with pytest.raises(SystemExit) as end:
        parser.parse_args(['--cfg-options', option])
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        'tool.py: error: --cfg-options: expected KEY=VALUE pairs, separated by spaces; VALUE is a number, a word or a '
        'list of these; for a dict write KEY.SUBKEY=VALUE, or a config'
    )


TEXTS = st.text('(()[]]),,a1\'" .', max_size=14)


@settings(max_examples=500)
@given(TEXTS)
def test_a_value_is_parsed_or_refused_exactly_as_by_mmengine(text):
    def result(parse):
        try:
            return repr(parse(text))
        except (ValueError, AssertionError, RecursionError):
            return 'refused'

    assert result(parse_value) == result(DictAction._parse_iterable)


HUGE = [',' * 10**6, '1,' * 10**5, '[' * 10**6, '[' * 10**5 + ']' * 10**5, '[1]' * 10**5]
HUGE.append('(' * 9 + '1,' * 10**5 + ')' * 9)


@pytest.mark.parametrize('text', [*HUGE, '(' * 5 + ',[1]' * 10**5 + ')' * 5, "'" * 10**6], ids=lambda text: text[:9])
def test_a_huge_value_takes_time_linear_in_its_length(text, parser, capsys):
    start = time.process_time()
    try:
        parser.parse_args(['--cfg-options', f'a={text}'])
    except SystemExit:
        assert len(capsys.readouterr().err) < 1000
    assert time.process_time() - start < 20  # mmengine's own parser takes minutes

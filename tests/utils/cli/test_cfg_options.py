"""--cfg-options parses values as mmengine does, and reports what mmengine cannot parse in one sentence."""

import argparse

import pytest

from mmgb.utils.cli.cfg_options import add_cfg_options


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

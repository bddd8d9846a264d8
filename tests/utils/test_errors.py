import subprocess
import sys

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.models.backbones import CifarConvNet
from mmgb.utils.errors import one_line, run_tool


def test_bad_input_is_one_sentence_and_exit_code_2(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['tools/train.py'])

    def main():
        raise ConfigError("alpha=-1 isn't positive")

    with pytest.raises(SystemExit) as end:
        run_tool(main)
    assert end.value.code == 2
    assert capsys.readouterr().err == "train.py: error: alpha=-1 isn't positive\n"


def test_any_other_error_of_a_single_process_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_tool(lambda: 1 / 0)


def test_a_value_error_is_bad_input_where_this_package_raised_it_and_nowhere_else(capsys):
    with pytest.raises(SystemExit) as end:
        run_tool(lambda: CifarConvNet(depth=7))
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith(': error: depth=7: expected 5 or 10\n')
    with pytest.raises(ValueError, match='invalid literal'):
        run_tool(lambda: int('x'))


@pytest.mark.parametrize(
    'body, code, said',
    [
        ('pass', 0, ''),
        ('1 / 0', 1, 'ZeroDivisionError'),
        ("raise ConfigError('no')", 2, 'error: no'),
    ],
)
def test_exit_codes_are_the_same_inside_a_process_group(body, code, said, tmp_path):
    program = f"""
from torch import distributed
from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import run_tool
def main():
    distributed.init_process_group('gloo', init_method='file://{tmp_path}/store', rank=0, world_size=1)
    {body}
run_tool(main)
"""
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True)
    assert process.returncode == code and said in process.stderr


def test_a_successful_member_of_a_process_group_runs_the_exit_functions_once_and_flushes(tmp_path):
    program = f"""
import atexit
from torch import distributed
from mmgb.utils.errors import run_tool
def main():
    distributed.init_process_group('gloo', init_method='file://{tmp_path}/store', rank=0, world_size=1)
    atexit.register(print, 'closed', end='')
run_tool(main)
"""
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (0, 'closed')


def test_an_errors_message_becomes_one_line_of_bounded_length():
    assert one_line(ValueError('two\n  lines')) == 'ValueError: two lines'
    assert one_line(FileNotFoundError(2, 'No such file', 'x')) == "FileNotFoundError: [Errno 2] No such file: 'x'"
    assert len(one_line(ValueError('x' * 1000))) < 420

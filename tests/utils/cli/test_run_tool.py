import errno
import subprocess
import sys
from pickle import UnpicklingError

import pytest

from mmgb.functional.errors import ConfigError, DivergenceError
from mmgb.models.backbones import CifarConvNet
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.errors import Stopped


def exit_code(main):
    with pytest.raises(SystemExit) as end:
        run_tool(main)
    return end.value.code


def test_a_config_error_ends_with_one_sentence_and_exit_code_2(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['tools/train.py'])

    def main():
        raise ConfigError('alpha=-1: expected a positive number')

    assert exit_code(main) == 2
    assert capsys.readouterr().err == 'train.py: error: alpha=-1: expected a positive number\n'


def test_a_training_that_diverges_ends_with_one_sentence_and_exit_code_1(capsys):
    def main():
        raise DivergenceError('iteration 3: the loss is not finite')

    assert exit_code(main) == 1
    assert capsys.readouterr().err == 'FloatingPointError: iteration 3: the loss is not finite\n'


def test_any_other_error_of_a_single_process_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_tool(lambda: 1 / 0)


def test_errors_of_this_package_are_invalid_input_and_other_value_errors_are_not(capsys):
    assert exit_code(lambda: CifarConvNet(depth=7)) == 2
    assert capsys.readouterr().err.endswith(': error: depth=7: expected 5 or 10\n')
    with pytest.raises(ValueError, match='invalid literal'):
        run_tool(lambda: int('x'))


def test_unsafe_pretrained_weights_are_invalid_input(capsys):
    def main():
        raise UnpicklingError('Unsupported global: GLOBAL os.system was not an allowed global')

    assert exit_code(main) == 2
    assert 'a checkpoint is refused: reading it could run code' in capsys.readouterr().err


@pytest.mark.slow  # an interpreter that imports torch for each code
@pytest.mark.parametrize(
    'body, code, message',
    [
        ('pass', 0, ''),
        ('1 / 0', 1, 'ZeroDivisionError'),
        ("raise ConfigError('no')", 2, 'error: no'),
    ],
)
def test_exit_codes_are_the_same_inside_a_process_group(body, code, message, tmp_path):
    program = f"""
from torch import distributed
from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.run_tool import run_tool
def main():
    distributed.init_process_group('gloo', init_method='file://{tmp_path}/store', rank=0, world_size=1)
    {body}
run_tool(main)
"""
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True)
    assert process.returncode == code and message in process.stderr


@pytest.mark.slow
def test_a_successful_member_of_a_process_group_runs_its_exit_functions_once(tmp_path):
    program = f"""
import atexit
from torch import distributed
from mmgb.utils.cli.run_tool import run_tool
def main():
    distributed.init_process_group('gloo', init_method='file://{tmp_path}/store', rank=0, world_size=1)
    atexit.register(print, 'closed', end='')
run_tool(main)
"""
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (0, 'closed')


@pytest.mark.parametrize(
    'error, code, sentence',
    [
        (Stopped('no room; make some'), 1, 'stopped: no room; make some'),
        (OSError(errno.ENOSPC, 'No space left'), 1, 'stopped: OSError: [Errno 28] No space left'),
        (KeyboardInterrupt(), 130, 'stopped: interrupted by SIGINT'),
        (Stopped('interrupted by SIGTERM', 143), 143, 'stopped: interrupted by SIGTERM'),
    ],
)
def test_a_full_disk_and_an_interruption_end_with_one_sentence(error, code, sentence, capsys):
    def main():
        raise error

    assert exit_code(main) == code
    assert capsys.readouterr().err.endswith(f': {sentence}\n')


def test_of_several_interrupted_ranks_the_first_says_so(capsys, monkeypatch):
    def main():
        raise Stopped('interrupted by SIGTERM', 143)

    monkeypatch.setenv('RANK', '1')
    assert exit_code(main) == 143
    assert capsys.readouterr().err == ''

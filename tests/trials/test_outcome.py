"""The exit code and message of a trial are those of its first failed process."""

import subprocess
import sys

import pytest

from mmgb.trials.outcome import read_outcome
from mmgb.trials.schedule import LOG, train_command


def test_the_message_of_a_single_process_is_its_last_line_of_text(tmp_path):
    (tmp_path / LOG).write_text('first\n  the last \n\n')
    assert read_outcome(tmp_path, 1) == (1, 'the last')
    (tmp_path / LOG).write_text('\n')
    assert read_outcome(tmp_path, 0) == (0, 'no message')


LAUNCHER_LOG = """\
[default0]:training
[default1]:FloatingPointError: no
[default0]:RuntimeError: connection closed by peer
rank_launcher: rank 1 ended first, with exit code {code}
"""


@pytest.mark.parametrize('code, outcome', [(1, 1), (2, 2), (-9, -9), (143, -15)])
def test_of_several_processes_the_first_failed_one_counts(code, outcome, tmp_path):
    (tmp_path / LOG).write_text(LAUNCHER_LOG.format(code=code))
    assert read_outcome(tmp_path, 1) == (outcome, 'FloatingPointError: no')


def test_a_tool_that_a_signal_has_ended_has_a_negative_code(tmp_path):
    (tmp_path / LOG).write_text('train.py: stopped: interrupted by SIGTERM')
    assert read_outcome(tmp_path, 143)[0] == -15


@pytest.mark.slow
@pytest.mark.parametrize('failure, code', [('raise FloatingPointError("no")', 1), ('sys.exit(2)', 2)])
def test_the_launcher_reports_the_first_process_that_fails(failure, code, tmp_path):
    script = tmp_path / 'train.py'
    script.write_text(
        'import os, sys, time\n'
        'if os.environ["RANK"] == "1":\n'
        f'    print("FloatingPointError: no", flush=True)\n    {failure}\n'
        'time.sleep(60)\nprint("stopped", flush=True)\n'
    )
    with open(tmp_path / LOG, 'wb') as log:
        command = train_command(script, 'c.py', tmp_path, processes=2)
        ended = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT)
    assert command[0] == sys.executable and ended.returncode == code
    assert read_outcome(tmp_path, ended.returncode) == (code, 'FloatingPointError: no')

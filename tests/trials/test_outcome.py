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
W1125 torch/distributed/elastic/multiprocessing/api.py:1028] Sending process 12 closing signal SIGTERM
Traceback (most recent call last):
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
Failures:
[1]:
  rank      : 0 (local_rank: 0)
  exitcode  : -15 (pid: 12)  (SIGTERM)
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-11-25_21:25:48
  rank      : 1 (local_rank: 1)
  exitcode  : {code} (pid: 13)
============================================================
"""


@pytest.mark.parametrize('code', [1, 2, -9])
def test_of_several_processes_the_first_failed_one_counts(code, tmp_path):
    (tmp_path / LOG).write_text(LAUNCHER_LOG.format(code=code))
    assert read_outcome(tmp_path, 1) == (code, 'FloatingPointError: no')


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
    assert command[0] == sys.executable and ended.returncode == 1
    assert read_outcome(tmp_path, ended.returncode) == (code, 'FloatingPointError: no')

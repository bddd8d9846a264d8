import os
import subprocess
import sys
import time

import pytest
from helpers.started_tools import runs, wait_for

from mmgb.utils import process_parent
from mmgb.utils.process_parent import environment_of_children

WATCHED = """
import time
from mmgb.utils import process_parent
process_parent.SECONDS = 0.05
process_parent.end_with_parent(is_rank={is_rank})
print('watching', flush=True)
time.sleep(60)
"""
# Starts the program of its first argument, whose output it shares, and is killed when the program says that it runs.
PARENT = """
import os, signal, subprocess, sys
from mmgb.utils.process_parent import environment_of_children
child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE,
                         env=os.environ | ({environment}))
child.stdout.readline()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def orphan(environment, is_rank):
    """Return the process id of a program whose parent has been killed."""
    command = [sys.executable, '-c', PARENT.format(environment=environment), WATCHED.format(is_rank=is_rank)]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(process.stdout)


@pytest.mark.parametrize('environment, is_rank', [('environment_of_children()', False), ('{}', True)])
def test_a_process_ends_with_its_parent(environment, is_rank):
    pid = orphan(environment, is_rank)
    wait_for(lambda: not runs(pid))


def test_a_process_that_a_shell_started_outlives_it():
    pid = orphan('{}', False)
    time.sleep(0.5)
    assert runs(pid)
    os.kill(pid, 9)


def test_a_process_whose_parent_ended_before_the_watch_began_ends():
    code = WATCHED.format(is_rank=False)
    gone = str(subprocess.run(['sh', '-c', 'echo $$'], stdout=subprocess.PIPE, text=True).stdout.strip())
    process = subprocess.run(
        [sys.executable, '-c', code], env=os.environ | {process_parent.VARIABLE: gone}, capture_output=True, text=True
    )
    assert process.returncode == 1 and f'its launcher, process {gone}, has ended' in process.stderr


def test_the_variable_names_this_process_and_is_not_passed_on(monkeypatch):
    monkeypatch.setattr(process_parent, 'SECONDS', 0.01)
    monkeypatch.setenv(process_parent.VARIABLE, str(os.getppid()))
    process_parent.end_with_parent(is_rank=False)
    assert process_parent.VARIABLE not in os.environ
    assert environment_of_children() == {process_parent.VARIABLE: str(os.getpid())}

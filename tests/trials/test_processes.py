import os
import subprocess
import sys
from contextlib import closing

import pytest

from mmgb.trials.processes import run_processes

SLEEPS = 'import time; time.sleep(600)'


def start(code):
    return subprocess.Popen([sys.executable, '-c', code], start_new_session=True)


@pytest.mark.parametrize('at_once', [1, 2, 5])
def test_every_job_is_started_in_order_and_never_more_than_allowed_are_running(at_once):
    jobs = [f'raise SystemExit({code})' for code in range(4)]
    running, started, ended = set(), [], {}
    for job, code in run_processes(jobs, start, at_once):
        if code is None:
            running.add(job)
            started.append(job)
            assert len(running) <= at_once
        else:
            running.remove(job)
            ended[job] = code
    assert started == jobs and ended == {job: code for code, job in enumerate(jobs)}


def test_a_process_that_a_signal_has_killed_has_a_negative_code():
    assert list(run_processes(['import os; os.kill(os.getpid(), 9)'], start, 1))[-1][1] == -9


def test_the_end_of_the_loop_kills_what_is_running_with_all_that_it_has_started():
    parent = (
        f'import subprocess, sys\nchild = subprocess.Popen([sys.executable, "-c", {SLEEPS!r}])\n'
        'print(child.pid, flush=True)\nchild.wait()'
    )
    processes = []

    def start_with_pipe(code):
        processes.append(subprocess.Popen([sys.executable, '-c', code], start_new_session=True, stdout=subprocess.PIPE))
        return processes[-1]

    with pytest.raises(ZeroDivisionError):
        with closing(run_processes([parent], start_with_pipe, 1)) as events:
            for _ in events:
                grandchild = int(processes[0].stdout.readline())
                os.kill(grandchild, 0)  # it is there
                raise ZeroDivisionError
    assert processes[0].returncode == -9
    with processes[0].stdout as pipe:
        assert pipe.read() == b''  # at its end only when the grandchild, who shares it, has gone, too

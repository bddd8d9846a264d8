"""Processes run a limited number at a time, and none outlives the loop over them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from mmgb.trials import processes
from mmgb.trials.processes import run_processes
from mmgb.trials.schedule import train_command

SLEEPS = 'import time; time.sleep(600)'


def start(code):
    return subprocess.Popen([sys.executable, '-c', code], start_new_session=True)


@pytest.mark.parametrize('at_once', [1, 2, 5])
def test_jobs_start_in_order_and_no_more_than_allowed_run_at_once(at_once):
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


def test_a_process_killed_by_a_signal_has_a_negative_code():
    assert list(run_processes(['import os; os.kill(os.getpid(), 9)'], start, 1))[-1][1] == -9


def test_leaving_the_loop_stops_running_processes_and_their_children():
    parent = (
        f'import subprocess, sys\nchild = subprocess.Popen([sys.executable, "-c", {SLEEPS!r}])\n'
        'print(child.pid, flush=True)\nchild.wait()'
    )
    started = []

    def start_with_pipe(code):
        started.append(subprocess.Popen([sys.executable, '-c', code], start_new_session=True, stdout=subprocess.PIPE))
        return started[-1]

    with pytest.raises(ZeroDivisionError):
        with closing(run_processes([parent], start_with_pipe, 1)) as events:
            for _ in events:
                grandchild = int(started[0].stdout.readline())
                os.kill(grandchild, 0)  # it runs
                raise ZeroDivisionError
    assert started[0].returncode == -signal.SIGTERM
    with started[0].stdout as pipe:
        assert pipe.read() == b''  # ends only when the grandchild, which shares it, has ended


def test_processes_that_ignore_sigterm_are_killed(monkeypatch):
    monkeypatch.setattr(processes, 'SECONDS_TO_STOP', 0.3)
    code = f'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); {SLEEPS}'
    process = subprocess.Popen([sys.executable, '-c', code], start_new_session=True, stdout=subprocess.PIPE)
    process.stdout.readline()  # the handler is set
    processes.stop([process])
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_the_launcher_stops_its_ranks(tmp_path):
    script = tmp_path / 'train.py'
    script.write_text(f'import os; open("rank" + os.environ["RANK"], "w").write(str(os.getpid())); {SLEEPS}')
    ranks = [tmp_path / 'rank0', tmp_path / 'rank1']

    def launch(command):
        return subprocess.Popen(command, start_new_session=True, cwd=tmp_path, stderr=subprocess.DEVNULL)

    with closing(run_processes([train_command(script, 'c.py', tmp_path, 2)], launch, 1)) as events:
        next(events)
        give_up = time.monotonic() + 60
        while not all(path.exists() and path.read_text() for path in ranks) and time.monotonic() < give_up:
            time.sleep(0.05)
    for path in ranks:
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


def without_unix(monkeypatch):
    """Take away what Windows lacks."""
    monkeypatch.delattr(os, 'killpg')
    monkeypatch.delattr(signal, 'SIGHUP')


@pytest.mark.parametrize('ignores', ['', 'signal.signal(signal.SIGTERM, signal.SIG_IGN); '])
def test_a_system_without_process_groups_stops_the_process_itself(ignores, monkeypatch):
    without_unix(monkeypatch)
    monkeypatch.setattr(processes, 'SECONDS_TO_STOP', 0.3)
    code = f'import signal; {ignores}print(flush=True); {SLEEPS}'
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)
    process.stdout.readline()
    processes.stop([process])
    assert process.returncode == (-9 if ignores else -signal.SIGTERM)


def test_a_system_without_sighup_interrupts_on_sigterm(monkeypatch):
    without_unix(monkeypatch)
    before = signal.getsignal(signal.SIGTERM)
    try:
        processes.interrupt_on_termination()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

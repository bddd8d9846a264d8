import os
import signal
import subprocess
import sys

import pytest
from helpers.started_tools import accept_sigint

from mmgb.utils.process_interrupt import is_first_rank

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def interrupted(code, number, **environment):
    """Run a program that prints a line when it is ready, send it a signal, and return its code, output and errors."""
    with subprocess.Popen(
        [sys.executable, '-c', 'from mmgb.utils.process_interrupt import *\nimport time, sys\n' + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        preexec_fn=accept_sigint,
    ) as process:
        process.stdout.readline()
        process.send_signal(number)
        output, errors = process.communicate(timeout=600)
    return process.returncode, output, errors


@pytest.mark.parametrize('number', SIGNALS)
def test_a_signal_during_the_imports_ends_with_one_sentence(number):
    code = "sys.argv = ['tools/train.py']\nend_when_interrupted()\nprint(flush=True)\ntime.sleep(60)"
    sentence = f'train.py: interrupted by {number.name} before it started\n'
    assert interrupted(code, number) == (128 + number, '', sentence)
    assert interrupted(code, number, RANK='1') == (128 + number, '', '')


@pytest.mark.parametrize('number', SIGNALS)
def test_a_signal_raises_an_exception_with_the_exit_code_of_shells(number):
    code = """raise_when_interrupted()
try:
    print(flush=True)
    time.sleep(60)
except KeyboardInterrupt as error:
    print(error, error.code, received_interrupt() is error)
"""
    assert interrupted(code, number) == (0, f'interrupted by {number.name} {128 + number} True\n', '')


def test_a_second_signal_ends_a_program_that_swallowed_the_first():
    code = """raise_when_interrupted()
try:
    print(flush=True)
    time.sleep(60)
except:
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)
"""
    assert interrupted('import signal\n' + code, signal.SIGINT)[0] == -signal.SIGINT


def test_an_ignored_signal_stays_ignored():
    code = """import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
raise_when_interrupted()
print(flush=True)
time.sleep(0.5)
print('goes on')
"""
    assert interrupted(code, signal.SIGINT) == (0, 'goes on\n', '')


def test_a_worker_process_ends_silently_with_exit_code_0():
    code = """import multiprocessing, os, signal
raise_when_interrupted()
worker = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))
worker.start()
time.sleep(0.3)
os.kill(worker.pid, signal.SIGTERM)
worker.join()
print(worker.exitcode, flush=True)
"""
    process = subprocess.run(
        [sys.executable, '-c', 'from mmgb.utils.process_interrupt import *\nimport time\n' + code],
        capture_output=True,
        text=True,
    )
    assert (process.stdout, process.stderr) == ('0\n', '')


@pytest.mark.parametrize('name', ['RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'])
def test_the_first_rank_is_told_by_the_launchers_variable(name, monkeypatch):
    for variable in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        monkeypatch.delenv(variable, raising=False)
    assert is_first_rank()
    monkeypatch.setenv(name, '0')
    assert is_first_rank()
    monkeypatch.setenv(name, '1')
    assert not is_first_rank()


@pytest.mark.parametrize('handlers, silent', [('', False), ('raise_when_interrupted()', True)])
def test_a_worker_says_nothing_if_its_process_leaves_while_it_takes_a_batch(handlers, silent):
    """torch's workers hand tensors over by a resource sharer, whose thread reports a client that leaves."""
    code = f"""
import multiprocessing, socket, sys, threading
from multiprocessing import resource_sharer
from mmgb.utils.process_interrupt import *
{handlers}

def work(pipe):
    report, reported = sys.excepthook, threading.Event()
    sys.excepthook = lambda *error: (report(*error), reported.set())
    pipe.send(resource_sharer.DupFd(0)._id[0])
    assert reported.wait(30)

ours, theirs = multiprocessing.Pipe()
worker = multiprocessing.get_context('fork').Process(target=work, args=(theirs,))
worker.start()
client = socket.socket(socket.AF_UNIX)
client.connect(ours.recv())
client.recv(1)  # the rest of the worker's greeting stays unread
client.close()
worker.join()
assert worker.exitcode == 0
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=600, check=True)
    assert (done.stderr == '') == silent, done.stderr

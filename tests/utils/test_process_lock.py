import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.utils import process_lock
from mmgb.utils.process_lock import ProcessLock

OWNER = """
import multiprocessing, sys, time
from mmgb.utils.process_lock import ProcessLock
with ProcessLock(sys.argv[1], 'x', 'y'):
    if len(sys.argv) > 2:
        multiprocessing.get_context('fork').Process(target=time.sleep, args=(2,)).start()
    print(flush=True)
    sys.stdin.read()
"""


@contextmanager
def owner(path, *arguments):
    """Run another process that holds the lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, '-c', OWNER, str(path), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process
        process.stdin.close()


def lock(path):
    return ProcessLock(path, "work_dir='w'", 'wait for its end')


def test_a_lock_is_released_without_a_trace(tmp_path):
    path = tmp_path / 'new' / 'lock'
    for _ in range(2):
        with lock(path) as held:
            assert path.is_file() and held.stale_owner is None
        assert list(path.parent.iterdir()) == []


def test_a_lock_is_released_after_an_error(tmp_path):
    with pytest.raises(KeyError), lock(tmp_path / 'lock'):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow  # each owner imports torch
def test_a_second_process_is_refused_and_told_the_owner_while_it_lives(tmp_path):
    path = tmp_path / 'lock'
    with owner(path) as process:
        with pytest.raises(ConfigError, match=f"work_dir='w': .* in use by process {process.pid} on .*; wait for"):
            with lock(path):
                pass
    with lock(path) as held:
        assert held.stale_owner is None


@pytest.mark.slow  # each owner imports torch
def test_a_killed_owner_is_replaced_and_named(tmp_path):
    path = tmp_path / 'lock'
    with owner(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with lock(path) as held:
            assert held.stale_owner.startswith(f'process {process.pid} on ')


@pytest.mark.slow  # each owner imports torch
def test_the_children_of_a_killed_owner_hold_no_lock(tmp_path):
    with owner(tmp_path / 'lock', 'with a child') as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with lock(tmp_path / 'lock'):
            pass


@pytest.mark.slow  # each owner imports torch
def test_a_copy_of_a_locked_folder_is_not_locked(tmp_path):
    (tmp_path / 'a').mkdir()
    with owner(tmp_path / 'a/lock'):
        shutil.copytree(tmp_path / 'a', tmp_path / 'b')
        with lock(tmp_path / 'b/lock'):
            pass


@pytest.mark.parametrize('content', [b'\xff\xfe', b'[]', b'{}', b'{"pid": 1', b'x' * 10000])
def test_an_unreadable_lock_file_is_taken_over(content, tmp_path):
    (tmp_path / 'lock').write_bytes(content)
    with lock(tmp_path / 'lock') as held:
        assert held.stale_owner == 'an unknown process'


@pytest.mark.slow  # each owner imports torch
def test_of_many_processes_at_once_one_gets_the_lock(tmp_path):
    code = """
import sys, time
from mmgb.functional.errors import ConfigError
from mmgb.utils.process_lock import ProcessLock
print(flush=True)
sys.stdin.read()
try:
    for _ in range(200):
        with ProcessLock(sys.argv[1], 'x', 'y'):
            with open(sys.argv[1] + '.exclusive', 'x'):
                pass
            import os
            os.remove(sys.argv[1] + '.exclusive')
except ConfigError:
    pass
"""
    path = str(tmp_path / 'lock')
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', code, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:
        process.stdout.readline()  # they compete when all of them have imported torch
    for process in processes:
        process.stdin.close()
    for process in processes:
        with process:
            assert process.stderr.read() == b''
    assert os.listdir(tmp_path) == []


def test_a_file_system_without_locks_gives_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(process_lock, 'fcntl', None)
    with pytest.warns(UserWarning, match="lock' can't be locked .no record locks on this system.: start no second run"):
        with lock(tmp_path / 'lock'):
            pass

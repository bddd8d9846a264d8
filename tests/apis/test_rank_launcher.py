import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from helpers.started_tools import accept_sigint, runs, wait_for
from hypothesis import given
from hypothesis import strategies as st

from mmgb.apis.rank_launcher import first_failure

pytestmark = pytest.mark.slow  # each launcher imports torch

RANK = """
import os, signal, sys, time
from mmgb.utils.process_parent import end_with_parent
end_with_parent(is_rank=False)
rank = os.environ['RANK']
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f'rank {rank} got SIGTERM'))
signal.signal(signal.SIGINT, lambda number, frame: sys.exit(f'rank {rank} got SIGINT'))
with open(f'rank{rank}.part', 'w') as file:
    file.write(str(os.getpid()))
os.rename(f'rank{rank}.part', f'rank{rank}')
while not os.path.exists('rank0') or not os.path.exists('rank1'):
    time.sleep(0.05)
if rank == '1':
    """


def start(folder, body):
    """Start two ranks, of which the second runs ``body`` when both run, and the first waits."""
    (folder / 'tool.py').write_text(f'{RANK}{body}\ntime.sleep(60)\n')
    return subprocess.Popen(
        [sys.executable, '-m', 'mmgb.apis.rank_launcher', '--standalone', '--nproc-per-node=2', 'tool.py'],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=accept_sigint,
    )


def ranks(folder):
    """Return the process ids of the ranks when both run."""
    paths = [folder / 'rank0', folder / 'rank1']
    wait_for(lambda: all(path.exists() for path in paths))
    return [int(path.read_text()) for path in paths]


def test_ranks_end_when_their_launcher_is_killed(tmp_path):
    with start(tmp_path, 'pass') as launcher:
        found = ranks(tmp_path)
        launcher.kill()
        wait_for(lambda: not any(map(runs, found)))


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_ranks_and_gives_the_exit_code_of_shells(number, tmp_path):
    with start(tmp_path, 'pass') as launcher:
        found = ranks(tmp_path)
        launcher.send_signal(number)
        output, _ = launcher.communicate(timeout=600)
    assert launcher.returncode == 128 + number
    wait_for(lambda: not any(map(runs, found)))
    # The ranks write at the same time, so that their lines may mix.
    assert all(f'rank {rank} got {number.name}' in output for rank in (0, 1))


@pytest.mark.parametrize(
    'body, code, named', [('sys.exit(2)', 2, 2), ('os.kill(os.getpid(), signal.SIGKILL)', 137, -9)]
)
def test_the_exit_code_is_that_of_the_rank_that_failed_first(body, code, named, tmp_path):
    with start(tmp_path, body) as launcher:
        output, _ = launcher.communicate(timeout=600)
    assert launcher.returncode == code
    assert output.splitlines()[-1] == f'rank_launcher: rank 1 ended first, with exit code {named}'
    assert not re.search('Traceback|Error', output)


def test_ranks_that_succeed_give_exit_code_0_without_a_line(tmp_path):
    (tmp_path / 'tool.py').write_text('')
    command = [sys.executable, '-m', 'mmgb.apis.rank_launcher', '--standalone', '--nproc-per-node=2', 'tool.py']
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (0, '') and 'rank_launcher' not in process.stderr


CONSEQUENCES = [1, -signal.SIGTERM, 128 + signal.SIGTERM]  # of a peer that ended, for the other ranks


@given(
    others=st.dictionaries(st.integers(0, 7), st.tuples(st.sampled_from(CONSEQUENCES), st.integers(0, 9)), max_size=7),
    rank=st.integers(8, 9),
    code=st.sampled_from([-signal.SIGKILL, -signal.SIGSEGV, 2, 130]),
    timestamp=st.integers(0, 9),
)
def test_ranks_that_end_because_of_a_peer_did_not_fail_first(others, rank, code, timestamp):
    failures = {other: SimpleNamespace(exitcode=code, timestamp=found) for other, (code, found) in others.items()}
    failures[rank] = SimpleNamespace(exitcode=code, timestamp=timestamp)
    assert first_failure(failures) == (rank, code)


@pytest.mark.parametrize('code', [-signal.SIGTERM, 128 + signal.SIGTERM])
def test_a_rank_with_an_error_failed_before_those_that_the_agent_ended(code):
    failures = {0: SimpleNamespace(exitcode=code, timestamp=3), 1: SimpleNamespace(exitcode=1, timestamp=3)}
    assert first_failure(failures) == (1, 1)


@given(st.dictionaries(st.integers(0, 7), st.integers(0, 9), min_size=1))
def test_of_equal_exit_codes_the_earliest_is_first(timestamps):
    failures = {rank: SimpleNamespace(exitcode=1, timestamp=timestamp) for rank, timestamp in timestamps.items()}
    rank, code = first_failure(failures)
    assert code == 1 and timestamps[rank] == min(timestamps.values())

"""Start a training of two ranks through ``dist_train.sh``, watch it, and kill parts of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

TOOLS = Path(__file__).parents[1]
RANKS = 2
KINDS = ('one rank', 'all processes', 'the launcher', 'while saving')
LONGEST_RUN = 1200  # seconds
LONGEST_SAVE = 0.02  # seconds after its announcement, in which a kill while saving happens


def start(folder: Path, scenario: str, *options: str, shell: str = ':', path: str = '') -> subprocess.Popen:
    """Start or resume the training of a scenario in ``folder``, with its output in ``folder/output``.

    Args:
        folder: working directory.
        scenario: name of the scenario, whose config is in the folder.
        *options: further options of ``train.py``.
        shell: command that the shell runs first, such as ``ulimit``.
        path: folder to put first on PYTHONPATH, which selects the host libraries.
    """
    search = [path] if path else []
    environment = dict(
        OMP_NUM_THREADS='1',
        CUDA_VISIBLE_DEVICES='-1',
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]),
        PYTHONPATH=os.pathsep.join([*search, str(TOOLS.parent), str(TOOLS / 'faults')]),
        PYTHONWARNINGS='ignore',
    )
    words = [str(TOOLS / 'dist_train.sh'), f'{scenario}.py', str(RANKS), '--work-dir', 'run', '--resume', *options]
    with open(folder / 'output', 'wb') as output:
        return subprocess.Popen(
            ['bash', '-c', f'{shell}; exec bash "$@"', '_', *words],
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def finish(folder: Path, scenario: str, *options: str, **settings: str) -> None:
    """Start or resume a training as :func:`start` does, and wait until it has finished.

    Raises:
        RuntimeError: with the end of its output, if it fails.
    """
    if start(folder, scenario, *options, **settings).wait(timeout=LONGEST_RUN):
        raise RuntimeError((folder / 'output').read_text(encoding='utf-8', errors='replace')[-3000:])


def kill(training: subprocess.Popen, folder: Path, kind: str, iteration: int, random: Random) -> int:
    """Kill parts of a training at a random moment after its first and a given iteration, and wait for its end.

    Args:
        training: process of the launcher.
        folder: its working directory.
        kind: one of :data:`KINDS`.
        iteration: number of iterations, of the whole training, that rank 0 must have finished.
        random: source of the moment and of the rank.

    Returns:
        int: number of iterations that rank 0 had finished.
    """
    notes = folder / 'notes_0.jsonl'
    earlier = lines(notes)  # of the runs before
    wait_until(lambda: (lines(notes) > earlier and iterations_done(notes) >= iteration) or training.poll() is not None)
    ranks = children(training.pid)
    below = [process for rank in ranks for process in (rank, *children(rank))]
    if kind == 'while saving':
        before = lines(folder / 'saving')
        wait_until(lambda: lines(folder / 'saving') > before or training.poll() is not None, pause=0.0002)
        time.sleep(random.uniform(0, LONGEST_SAVE))
    else:
        time.sleep(random.uniform(0, 0.1))
    if training.poll() is not None:
        raise RuntimeError(f'{folder}: the training ended by itself before iteration {iteration}, see its output')
    if kind == 'one rank':
        victims = [random.choice(ranks)]
    else:
        victims = [training.pid] if kind == 'the launcher' else [training.pid, *below]
    for victim in victims:
        end(victim)
    training.wait(timeout=LONGEST_RUN)
    wait_until(lambda: not any(map(runs, below)))
    return iterations_done(notes)


def wait_until(condition: Callable[[], bool], pause: float = 0.005) -> None:
    """Wait until ``condition()`` is true; raise TimeoutError after :data:`LONGEST_RUN` seconds."""
    give_up = time.monotonic() + LONGEST_RUN
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError('waited in vain')
        time.sleep(pause)


def iterations_done(notes: Path) -> int:
    """Return the number of the newest iteration in the notes of a rank, counted from 1; see ``noting.py``."""
    return int(notes.read_text(encoding='utf-8').splitlines()[-1][1:].partition(',')[0]) + 1


def lines(path: Path) -> int:
    """Return the number of lines of a file, 0 if it does not exist."""
    return path.read_bytes().count(b'\n') if path.exists() else 0


def children(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    rows = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(pid)], stdout=subprocess.PIPE, text=True).stdout
    return [int(row) for row in rows.split() if runs(int(row))]


def runs(pid: int) -> bool:
    """Return True if a process runs, and is not merely waiting for its parent to notice its end."""
    try:
        return Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def end(pid: int) -> None:
    """Send SIGKILL to a process if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

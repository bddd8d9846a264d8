"""Schedule of trials: one training per seed of each setting, each in its own folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.overrides import parse_overrides, slug
from mmgb.utils.process_lock import NAME, ProcessLock
from mmgb.utils.process_parent import environment_of_children

LOG = 'trial.log'  # output of a trial; its presence marks a folder as a trial's, which may be emptied
NO_CHECKPOINTS = 'default_hooks.checkpoint=None'


class Job(NamedTuple):
    """One trial to run.

    Attributes:
        number: position among the jobs, from 1.
        name: its setting and seed, for messages.
        overrides: {key: value} of its setting.
        seed: random seed.
        folder: work directory.
        command: command line of the training.
    """

    number: int
    name: str
    overrides: dict[str, object]
    seed: int
    folder: Path
    command: list[str]


def trial_folder(root: Path, cfg_options: Sequence[str], setting: Sequence[str], seed: int) -> Path:
    """Return the work directory of one trial.

    Args:
        root (Path): folder of all trials.
        cfg_options: ``KEY=VALUE`` texts common to all trials.
        setting: ``KEY=VALUE`` texts of the trial's setting.
        seed (int): the trial's seed.
    """
    return root / slug([*cfg_options, *setting]) / f'seed_{seed}'


def plan(
    train: Path,
    config: str,
    cfg_options: Sequence[str],
    grid: Sequence[Sequence[str]],
    seeds: Sequence[int],
    root: Path,
    done: Callable[[dict[str, object]], Sequence[int]],
    processes: int = 1,
) -> list[Job]:
    """Return the missing trials: the first seed of each setting, then the second seed of each, and so on.

    Args:
        train (Path): ``tools/train.py``.
        config (str): config file.
        cfg_options: ``KEY=VALUE`` texts common to all trials.
        grid: ``KEY=VALUE`` texts of each setting.
        seeds: seeds of each setting, in order.
        root (Path): folder of all trials.
        done: returns the seeds that a setting, {key: value}, already has.
        processes (int): number of processes that train together in each trial. Default: 1.

    Raises:
        ConfigError: if a trial's folder exists and was not made by a trial.
    """
    jobs = []
    for seed in seeds:
        for setting in grid:
            overrides = parse_overrides(setting, '--vary')
            if seed in done(overrides):
                continue
            folder = trial_folder(root, cfg_options, setting, seed)
            if folder.exists() and not (folder / LOG).is_file():
                raise ConfigError(
                    f"'{folder}': expected a new folder or one of a trial, got another, which would be overwritten: "
                    'choose another --work-dir'
                )
            options = [*cfg_options, *setting, f'randomness.seed={seed}', NO_CHECKPOINTS]
            command = [
                *train_command(train, config, folder, processes),
                *('--work-dir', str(folder), '--cfg-options', *options),
            ]
            jobs.append(Job(len(jobs) + 1, ' '.join([*setting, f'seed {seed}']), overrides, seed, folder, command))
    return jobs


def folder_lock(folder: Path) -> ProcessLock:
    """Return the lock of a trial's folder, or of the folder of a setting's trials."""
    return ProcessLock(folder / NAME, f"--work-dir: '{folder}'", 'wait for its end or choose another --work-dir')


def train_command(train: Path, config: str, folder: Path, processes: int) -> list[str]:
    """Return the command that trains a config in one process, or in several under PyTorch's launcher.

    The launcher chooses a free port, and puts the rank in front of each line that a process prints.
    """
    if processes == 1:
        return [sys.executable, str(train), config]
    launcher = ['-m', 'mmgb.apis.rank_launcher', '--standalone', f'--nproc-per-node={processes}']
    logs = ['--tee=3', f'--log-dir={folder / "ranks"}']
    return [sys.executable, *launcher, *logs, str(train), config, '--launcher', 'pytorch']


def start(job: Job) -> subprocess.Popen:
    """Start a trial in an emptied folder, so that nothing of an interrupted run of it remains.

    The trial ends when this process ends, however it ends.

    Raises:
        ConfigError: if another training runs in the folder.
    """
    if job.folder.exists():
        with folder_lock(job.folder):
            pass
        shutil.rmtree(job.folder)
    job.folder.mkdir(parents=True)
    with open(job.folder / LOG, 'wb') as log:
        return subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Unbuffered output keeps the error that ends it below its other output.
            env=os.environ | {'PYTHONUNBUFFERED': '1'} | environment_of_children(),
        )

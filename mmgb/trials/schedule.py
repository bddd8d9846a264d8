"""The trainings of ``tools/run_trials.py``: one process for each seed of each setting, in a folder of its own."""

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

LOG = 'trial.log'  # what a trial prints; its presence marks a folder as one of ours, which may be cleaned
NO_CHECKPOINTS = 'default_hooks.checkpoint=None'


class Job(NamedTuple):
    number: int  # from 1 on
    name: str
    overrides: dict[str, object]
    seed: int
    folder: Path
    command: list[str]


def trial_folder(root: Path, cfg_options: Sequence[str], setting: Sequence[str], seed: int) -> Path:
    """Return the work directory of one trial.

    Args:
        root (Path): folder of all trials of the command.
        cfg_options: ``KEY=VALUE`` texts that all trials have in common.
        setting: ``KEY=VALUE`` texts of this trial's setting.
        seed (int): the trial's seed.
    """
    return root / slug([*cfg_options, *setting]) / f'seed_{seed}'


def plan(
    train: Path,
    config: str,
    cfg_options: Sequence[str],
    grid: Sequence[Sequence[str]],
    trials: int,
    root: Path,
    done: Callable[[dict[str, object]], Sequence[int]],
) -> list[Job]:
    """The trials that are missing: the first seed of each setting, then the second of each, …

    Args:
        train: the tool that trains.
        cfg_options: ``KEY=VALUE`` texts for all of them.
        grid: those of each setting.
        trials: how many seeds, from 0 on.
        root: below which the folders lie.
        done: the seeds that a setting, {key: value}, has already.

    Raises:
        ConfigError: if a folder holds something else.
    """
    jobs = []
    for seed in range(trials):
        for setting in grid:
            overrides = parse_overrides(setting, '--vary')
            if seed in done(overrides):
                continue
            folder = trial_folder(root, cfg_options, setting, seed)
            if folder.exists() and not (folder / LOG).is_file():
                raise ConfigError(f"'{folder}' is not of a trial, and would be overwritten: choose another --work-dir")
            command = [
                sys.executable,
                str(train),
                config,
                '--work-dir',
                str(folder),
                '--cfg-options',
                *cfg_options,
                *setting,
                f'randomness.seed={seed}',
                NO_CHECKPOINTS,
            ]
            jobs.append(Job(len(jobs) + 1, ' '.join([*setting, f'seed {seed}']), overrides, seed, folder, command))
    return jobs


def start(job: Job) -> subprocess.Popen:
    """Starts a trial in a clean folder: an interrupted one leaves nothing that it could be mixed with."""
    if job.folder.exists():
        shutil.rmtree(job.folder)
    job.folder.mkdir(parents=True)
    # Unbuffered, or what it prints would stand below the error that ends it.
    with open(job.folder / LOG, 'wb') as log:
        return subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {'PYTHONUNBUFFERED': '1'},
        )


def last_line(job: Job) -> str:
    """Of what a trial has printed: of its error, if it failed."""
    lines = (job.folder / LOG).read_text(errors='replace').splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), 'no message')

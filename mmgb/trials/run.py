"""Trainings of an experiment, from a template of ``experiments.yml``."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.grid import make_grid

from .fields import check_fields
from .schedule import trial_folder
from .templates import fill

COMMON_FIELDS = ('config', 'overrides', 'work_dir', 'label')
TRIALS_FIELDS = (
    *COMMON_FIELDS,
    'result',
    'seeds',
    'first_seed',
    'looked_at',
    'learning_rates',
    'tuned_by',
    'vary',
    'metric',
)
TRAIN_FIELDS = (*COMMON_FIELDS, 'options', 'unless')
LEARNING_RATE = 'optim_wrapper.optimizer.lr'


class Run(NamedTuple):
    """A command that trains: ``tools/run_trials.py`` if it has a result, otherwise ``tools/train.py``.

    Attributes:
        config: path of the config from the repository's root.
        overrides: config entries for ``--cfg-options``.
        work_dir: folder of the logs, or None for the tool's default.
        label: name of its row in tables.
        variables: texts that a tool's ``each`` may use.
        result: path of the file of trials below docs/results, without .json.
        seeds: number of trials of each setting.
        first_seed: random seed of the first of them; the others have the next ones.
        looked_at: smaller numbers of trials whose result was looked at before more were added; none if ``seeds`` was
            fixed beforehand.
        tuned_by: grid from which the config's learning rate was chosen: result of another run, or FILE:ROW of a file of
            best metrics below docs/results; None if it was not tuned.
        vary: values of the config entries of a grid.
        metric: the evaluator's metric, or None for the tool's default.
        options: further options of train.py.
        unless: file that makes the training unnecessary.
    """

    config: str
    overrides: Mapping[str, str]
    work_dir: str | None
    label: str
    variables: Mapping[str, str]
    result: str | None
    seeds: int
    first_seed: int
    looked_at: Sequence[int]
    tuned_by: str | None
    vary: Mapping[str, list[str]]
    metric: str | None
    options: list[str]
    unless: str | None


def split_variables(
    found: Mapping[str, object], allowed: Collection[str], text: str, where: str
) -> tuple[dict[str, object], dict[str, str]]:
    """Split the merged content of a template into fields and variables.

    Args:
        found: fields and variables.
        allowed: names of the fields; any other key is a variable.
        text (str): text of the experiment, in which each variable must be used.
        where (str): the template's place, for error messages.

    Raises:
        ConfigError: if a variable has no text as its value or is not used, as a misspelt field, or a required field is
            missing.
    """
    fields = {key: value for key, value in found.items() if key in allowed}
    check_fields(fields, allowed, [name for name in ('config', 'result') if name in allowed], where)
    variables = {key: value for key, value in found.items() if key not in allowed}
    for key, value in variables.items():
        if not isinstance(value, str) or f'{{{key}}}' not in text:
            raise ConfigError(f'{where}.{key}={value!r}: expected one of {", ".join(allowed)}, or a variable in use')
    return fields, variables


def make_run(family: str, fields: Mapping[str, object], variables: Mapping[str, str], where: str) -> Run:
    """Return a run from the fields of a template, in which the variables are replaced by their values."""
    known = dict(variables)

    def filled(name: str, default: object = None) -> object:
        return fill(fields[name], known, f'{where}.{name}') if name in fields else default

    known['config'] = os.path.normpath(Path('configs', family, filled('config')))
    result = filled('result')
    if result is not None:
        known.update(result=result, folder=os.path.dirname(result), stem=os.path.basename(result))
    first_seed = filled('first_seed', '0')
    if not first_seed.isdecimal():
        raise ConfigError(f'{where}.first_seed={first_seed}: expected an integer of at least 0')
    overrides, vary = filled('overrides', {}), filled('vary', {})
    if 'learning_rates' in fields:
        vary = {LEARNING_RATE: filled('learning_rates'), **vary}
    work_dir = filled('work_dir')
    if work_dir is not None:
        known['work_dir'] = work_dir
        if result is None:
            known['folder'] = os.path.dirname(work_dir).removeprefix('work_dirs/')
        else:
            known['first_run'] = first_run(work_dir, overrides, vary, int(first_seed))
    seeds = filled('seeds', '1')
    if not seeds.isdecimal() or int(seeds) < 1:
        raise ConfigError(f'{where}.seeds={seeds}: expected a positive integer')
    looked_at = filled('looked_at', [])
    if not all(look.isdecimal() and 0 < int(look) < int(seeds) for look in looked_at):
        raise ConfigError(f'{where}.looked_at={looked_at}: expected numbers of trials below seeds={seeds}')
    return Run(
        config=known['config'],
        overrides=overrides,
        work_dir=work_dir,
        label=filled('label', known.get('stem', '')),
        variables=known,
        result=result,
        seeds=int(seeds),
        first_seed=int(first_seed),
        looked_at=[int(look) for look in looked_at],
        tuned_by=filled('tuned_by'),
        vary=vary,
        metric=filled('metric'),
        options=filled('options', []),
        unless=filled('unless'),
    )


def first_run(work_dir: str, overrides: Mapping[str, str], vary: Mapping[str, list[str]], seed: int) -> str:
    """Return the folder of the first trial of ``tools/run_trials.py``."""
    (setting, *_) = make_grid([f'{key}={",".join(values)}' for key, values in vary.items()])
    common = [f'{key}={value}' for key, value in overrides.items()]
    return str(trial_folder(Path(work_dir), common, setting, seed))

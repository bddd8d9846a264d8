"""Experiments of ``experiments.yml``: their trainings and the tools before and after them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.grid import make_grid

from .fields import check_fields
from .schedule import trial_folder
from .templates import expand, fill, for_device

EXPERIMENT_FIELDS = ('about', 'needs', 'prepare', 'trials', 'train', 'curves', 'then', 'cpu', 'gpu')
RUN_FIELDS = ('config', 'overrides', 'work_dir', 'label')
TRIALS_FIELDS = (*RUN_FIELDS, 'result', 'seeds', 'learning_rates', 'vary', 'metric')
TRAIN_FIELDS = (*RUN_FIELDS, 'options', 'unless')
TOOL_FIELDS = ('tool', 'options', 'each', 'keep')


class Run(NamedTuple):
    """One command that trains: ``tools/run_trials.py`` if it has a result, else ``tools/train.py``."""

    config: str  # from the repository's root
    overrides: Mapping[str, str]
    work_dir: str | None
    label: str
    variables: Mapping[str, str]  # for the `each` of a tool
    result: str | None = None  # below docs/results, without .json
    seeds: int = 1
    vary: Mapping[str, list[str]] = {}
    metric: str | None = None
    options: list[str] = []
    unless: str | None = None


class Tool(NamedTuple):
    """A command of another tool."""

    tool: str
    options: list[str] = []
    each: str | None = None
    keep: list[str] = []


class Experiment(NamedTuple):
    name: str
    family: str
    about: str
    needs: list[str]
    prepare: list[Tool]
    runs: list[Run]
    curves: list[str]  # experiments whose trials are drawn together
    then: list[Tool]
    parts: frozenset[str] = frozenset()  # the experiments that it needs with or without --gpu


def make_experiment(name: str, family: str, fields: dict, gpu: bool, where: str) -> Experiment:
    """Return one experiment with the runs of its templates."""
    check_fields(fields, EXPERIMENT_FIELDS, ('about',), where)
    parts = frozenset(name for device in (False, True) for name in for_device(fields, device).get('needs', []))
    fields = for_device(fields, gpu)
    runs = []
    for kind, allowed in (('trials', TRIALS_FIELDS), ('train', TRAIN_FIELDS)):
        if kind in fields:
            place = f'{where}.{kind}'
            for found in expand(fields[kind], gpu, place):
                runs.append(make_run(family, found, allowed, place))
    curves = fields.get('curves', [])
    return Experiment(
        name,
        family,
        fields['about'],
        fields.get('needs', []),
        [make_tool(tool, f'{where}.prepare') for tool in fields.get('prepare', [])],
        runs,
        [name] if curves == 'true' else curves,
        [make_tool(tool, f'{where}.then') for tool in fields.get('then', [])],
        parts,
    )


def make_run(family: str, found: dict, allowed: Collection[str], where: str) -> Run:
    """Return a run from its merged fields and variables; the latter are the keys that are no fields."""
    known = {*TRIALS_FIELDS, *TRAIN_FIELDS}
    variables = {key: value for key, value in found.items() if key not in known}
    for key, value in variables.items():
        if not isinstance(value, str):
            raise ConfigError(
                f'{where}.{key}={value!r}: expected a field ({", ".join(allowed)}) or a variable, whose value is a text'
            )
    fields = {key: value for key, value in found.items() if key in known}
    check_fields(fields, allowed, [name for name in ('config', 'result') if name in allowed], where)

    def filled(name: str, default: object = None) -> object:
        return fill(fields[name], variables, f'{where}.{name}') if name in fields else default

    variables['config'] = os.path.normpath(Path('configs', family, filled('config')))
    result = filled('result')
    if result is not None:
        variables.update(result=result, folder=result.rpartition('/')[0], stem=result.rpartition('/')[2])
    overrides, vary = filled('overrides', {}), filled('vary', {})
    if 'learning_rates' in fields:
        vary = {'optim_wrapper.optimizer.lr': filled('learning_rates'), **vary}
    work_dir = filled('work_dir')
    if work_dir is not None:
        variables['work_dir'] = work_dir
        variables.setdefault('folder', os.path.relpath(os.path.dirname(work_dir), 'work_dirs'))
        grid = make_grid([f'{key}={",".join(values)}' for key, values in vary.items()])
        common = [f'{key}={value}' for key, value in overrides.items()]
        variables['first_run'] = str(trial_folder(Path(work_dir), common, grid[0], seed=0))
    seeds = filled('seeds', '1')
    if not seeds.isdecimal() or seeds == '0':
        raise ConfigError(f'{where}.seeds={seeds}: expected a positive integer')
    return Run(
        variables['config'],
        overrides,
        work_dir,
        filled('label', variables.get('stem', '')),
        variables,
        result,
        int(seeds),
        vary,
        filled('metric'),
        filled('options', []),
        filled('unless'),
    )


def make_tool(fields: dict, where: str) -> Tool:
    check_fields(fields, TOOL_FIELDS, ('tool',), where)
    return Tool(**fields)

"""Read ``experiments.yml``: the experiments, tables and claims of each family of configs.

``configs/experiments.yml`` lists the families in order, and ``configs/FAMILY/experiments.yml`` holds::

    experiments:
      NAME:                       # argument of `tools/experiments.py run`
        about: one sentence
        needs: [NAME, …]          # experiments that run first
        prepare: [TOOL, …]        # tools that run before the trainings
        trials: TEMPLATE          # trainings by tools/run_trials.py; see templates.py for variables
        train: TEMPLATE           # single trainings by tools/train.py
        curves: true              # learning curves of its trials, or of other experiments: [NAME, …]
        then: [TOOL, …]           # tools that run after the trainings
        cpu: {…}                  # replaces fields without --gpu
        gpu: {…}                  # replaces fields with --gpu
    tables:
      BLOCK:                      # the block between <!-- BLOCK --> and <!-- /BLOCK -->
        kind: trials              # see report.py
        rows: [NAME, …]           # experiments whose trials are its rows (default: the one called BLOCK)
        numbers: FILE.json        # for kinds that read one file below docs/results
        file: PATH                # default: the family's README.md
    claims:
      - statement: …
        paper: …                  # its numbers, if it gives any
        quantity: minimum error   # or best epoch
        expected: lower           # or higher: the second result compared with the first
        first: RESULT
        second: RESULT
        until: [6, 4]             # last step of the first and of the second result
        headline: {change: …, tried_on: …}   # its row of the README's table
        table: NAME               # a row of this table of kind `differences`, with the statement as its label

Fields of TEMPLATE: ``config`` (path below the family's folder), ``overrides``, ``work_dir``; of trials also ``result``
(path below docs/results without .json), ``label`` (row of the tables; default: the last part of ``result``), ``seeds``
(default: 1), ``first_seed`` (default: 0), ``looked_at`` (smaller numbers of seeds after which the result was looked at
and more were added), ``learning_rates`` or ``vary``, ``tuned_by`` (grid from which the config's learning rate was
chosen: a result, or FILE:ROW of a file of best metrics below docs/results), ``metric``; of train also ``options`` of
train.py and ``unless``, a file whose presence makes the training unnecessary. Fields of TOOL: ``tool`` (path below
tools), ``options``, ``each`` (one argument for each run of the experiment) and ``keep``, file patterns copied from
work_dirs/FOLDER to docs/results/FOLDER. All scalars are read as text, so a learning rate of 5e-4 reaches the command
line as written.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError

from .entries import ClaimEntry, TableBlock, make_claim, make_table
from .experiment import Experiment, make_experiment
from .fields import check_fields, read_yaml
from .run import Run

NAME = 'experiments.yml'


class Manifest(NamedTuple):
    """All families' experiments, tables and claims."""

    families: list[str]
    experiments: dict[str, Experiment]
    tables: dict[str, TableBlock]
    claims: list[ClaimEntry]

    def runs(self) -> dict[str, Run]:
        """Return the run of each result."""
        return {run.result: run for one in self.experiments.values() for run in one.runs if run.result}

    def makers(self) -> dict[str, str]:
        """Return the experiment that makes each result."""
        return {run.result: one.name for one in self.experiments.values() for run in one.runs if run.result}


def read_manifest(configs: Path, gpu: bool = False) -> Manifest:
    """Read the manifests of all families.

    Args:
        configs (Path): folder with ``experiments.yml`` and the families' folders.
        gpu (bool): take the fields below ``gpu`` instead of those below ``cpu``. Default: False.

    Raises:
        ConfigError: if a file is missing or not YAML, a field is unknown or missing, a name occurs twice, or a name of
            an experiment or result does not exist.
    """
    configs = Path(configs)
    top = read_yaml(configs / NAME)
    check_fields(top, ('families', 'tables'), ('families',), f'{configs.name}/{NAME}')
    manifest = Manifest(top['families'], {}, {}, [])
    for family in manifest.families:
        content = read_yaml(configs / family / NAME)  # keys other than these three hold YAML anchors
        where = f'{configs.name}/{family}/{NAME}'
        for name, fields in content.get('experiments', {}).items():
            _add(manifest.experiments, name, make_experiment(name, family, fields, gpu, f'{where}: {name}'), where)
        for name, fields in content.get('tables', {}).items():
            block = make_table(name, fields, f'configs/{family}/README.md', f'{where}: {name}')
            _add(manifest.tables, name, block, where)
        for number, fields in enumerate(content.get('claims', []), 1):
            manifest.claims.append(make_claim(fields, f'{where}: claims.{number}'))
    where = f'{configs.name}/{NAME}'
    for name, fields in top.get('tables', {}).items():
        _add(manifest.tables, name, make_table(name, fields, 'README.md', f'{where}: {name}'), where)
    check_references(manifest)
    if not gpu:  # the claims are about results without --gpu
        check_claims(manifest)
    return manifest


def check_references(manifest: Manifest) -> None:
    """Raise a ConfigError if a named experiment or result does not exist, or two runs make the same result."""
    named = []
    for one in manifest.experiments.values():
        named += [(f'experiment {one.name}', name) for name in one.needs + one.curves]
    for block in manifest.tables.values():
        named += [(f'table {block.name}', name) for name in block.rows]
    for where, name in named:
        if name not in manifest.experiments:
            raise ConfigError(f"{where}: expected names of experiments, got '{name}'")
    runs = [run for one in manifest.experiments.values() for run in one.runs if run.result]
    results = [run.result for run in runs]
    for run in runs:
        if results.count(run.result) > 1:
            raise ConfigError(f"result='{run.result}': expected one run that makes it, got {results.count(run.result)}")
        if run.tuned_by is not None and ':' not in run.tuned_by and run.tuned_by not in results:
            raise ConfigError(f"tuned_by='{run.tuned_by}' of {run.result}: expected the result of a run")


def check_claims(manifest: Manifest) -> None:
    """Raise a ConfigError if no experiment makes a claim's result."""
    results = manifest.makers()
    for claim in manifest.claims:
        if claim.table is not None and claim.table not in manifest.tables:
            raise ConfigError(f"claim '{claim.statement}': expected the name of a table, got '{claim.table}'")
        for result in (claim.first, claim.second):
            if result not in results:
                raise ConfigError(f"claim '{claim.statement}': expected results of experiments, got '{result}'")


def _add(found: dict, name: str, value: object, where: str) -> None:
    if name in found:
        raise ConfigError(f"{where}: expected a new name, got '{name}' of another family")
    found[name] = value

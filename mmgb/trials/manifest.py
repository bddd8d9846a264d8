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
        headline: true            # also shown in the README

Fields of TEMPLATE: ``config`` (path below the family's folder), ``overrides``, ``work_dir``; of trials also ``result``
(path below docs/results without .json), ``label`` (row of the tables; default: the last part of ``result``), ``seeds``
(default: 1), ``learning_rates`` or ``vary``, ``metric``; of train also ``options`` of train.py and ``unless``, a file
whose presence makes the training unnecessary. Fields of TOOL: ``tool`` (path below tools), ``options``, ``each`` (one
argument for each run of the experiment) and ``keep``, file patterns copied from work_dirs/FOLDER to
docs/results/FOLDER. All scalars are read as text, so a learning rate of 5e-4 reaches the command line as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError

from .experiment import Experiment, make_experiment
from .fields import check_fields, read_yaml

NAME = 'experiments.yml'
TABLE_FIELDS = ('kind', 'rows', 'numbers', 'file', 'varied', 'columns')
CLAIM_FIELDS = ('statement', 'paper', 'quantity', 'expected', 'first', 'second', 'until', 'headline')


class TableBlock(NamedTuple):
    """A generated block of a Markdown file."""

    name: str
    kind: str
    file: str  # from the repository's root
    rows: Mapping[str, str]  # experiment to its label
    numbers: str | None = None  # below docs/results
    varied: str | None = None  # column head of a grid
    columns: list[str] = []


class ClaimEntry(NamedTuple):
    """A claim of a paper, and the two results that test it. See :class:`mmgb.trials.claims.Claim`."""

    statement: str
    expected: str
    first: str
    second: str
    paper: str = ''
    quantity: str = 'minimum error'
    until: tuple[float, float] | None = None
    headline: bool = False


class Manifest(NamedTuple):
    families: list[str]
    experiments: Mapping[str, Experiment]
    tables: Mapping[str, TableBlock]
    claims: list[ClaimEntry]

    def makers(self) -> dict[str, str]:
        """Return the experiment that makes each result."""
        return {run.result: one.name for one in self.experiments.values() for run in one.runs if run.result}


def read_manifest(configs: Path, gpu: bool = False) -> Manifest:
    """Read the manifests of all families.

    Args:
        configs (Path): folder with ``experiments.yml`` and the families' folders.
        gpu (bool): take the fields below ``gpu`` instead of those below ``cpu``.

    Raises:
        ConfigError: if a file is missing or not valid YAML, a field is unknown or missing, a name occurs twice, or a
            reference to an experiment or result leads nowhere.
    """
    configs = Path(configs)
    top = read_yaml(configs / NAME)
    check_fields(top, ('families', 'tables'), ('families',), str(configs / NAME))
    manifest = Manifest(top['families'], {}, {}, [])
    for family in manifest.families:
        content = read_yaml(configs / family / NAME)
        where = f'{configs.name}/{family}/{NAME}'
        # Other top-level keys hold YAML anchors.
        for name, fields in content.get('experiments', {}).items():
            _add(manifest.experiments, name, make_experiment(name, family, fields, gpu, f'{where}: {name}'), where)
        for name, fields in content.get('tables', {}).items():
            _add(manifest.tables, name, make_table(name, fields, f'{family}/README.md', f'{where}: {name}'), where)
        for number, fields in enumerate(content.get('claims', []), 1):
            manifest.claims.append(make_claim(fields, f'{where}: claims.{number}'))
    for name, fields in top.get('tables', {}).items():
        where = f'{configs.name}/{NAME}'
        _add(manifest.tables, name, make_table(name, fields, 'README.md', f'{where}: {name}'), where)
    _check_references(manifest)
    if not gpu:  # the claims are about the results measured without --gpu
        _check_claims(manifest)
    return manifest


def make_table(name: str, fields: dict, readme: str, where: str) -> TableBlock:
    check_fields(fields, TABLE_FIELDS, ('kind',), where)
    rows = {}
    for row in fields.get('rows', []):
        rows.update(row if isinstance(row, dict) else {row: row})
    file = fields.get('file', f'configs/{readme}')
    return TableBlock(
        name, fields['kind'], file, rows, fields.get('numbers'), fields.get('varied'), fields.get('columns', [])
    )


def make_claim(fields: dict, where: str) -> ClaimEntry:
    check_fields(fields, CLAIM_FIELDS, ('statement', 'expected', 'first', 'second'), where)
    for name, allowed in (('expected', ('lower', 'higher')), ('quantity', ('minimum error', 'best epoch'))):
        if fields.get(name, allowed[0]) not in allowed:
            raise ConfigError(f"{where}.{name}='{fields[name]}': expected {' or '.join(allowed)}")
    fields = dict(fields)
    if 'until' in fields:
        first, second = map(float, fields['until'])
        fields['until'] = first, second
    return ClaimEntry(**{**fields, 'headline': fields.get('headline') == 'true'})


def _add(found: dict, name: str, value: object, where: str) -> None:
    if name in found:
        raise ConfigError(f"{where}: expected each name once, got '{name}' again")
    found[name] = value


def _check_references(manifest: Manifest) -> None:
    """Raise a ConfigError if a reference leads to no experiment or result, or a result is made twice."""
    for one in manifest.experiments.values():
        for name in (*one.needs, *one.curves):
            if name not in manifest.experiments:
                raise ConfigError(f"experiment {one.name}: expected needs and curves to name experiments, got '{name}'")
    results = [run.result for one in manifest.experiments.values() for run in one.runs if run.result]
    for result in results:
        if results.count(result) > 1:
            raise ConfigError(f"result='{result}': expected one run that makes it, got {results.count(result)}")
    for block in manifest.tables.values():
        for name in block.rows:
            if name not in manifest.experiments:
                raise ConfigError(f"table {block.name}: expected rows to name experiments, got '{name}'")


def _check_claims(manifest: Manifest) -> None:
    results = manifest.makers()
    for claim in manifest.claims:
        for result in (claim.first, claim.second):
            if result not in results:
                raise ConfigError(f"claim '{claim.statement}': expected results of experiments, got '{result}'")

"""Experiments of ``experiments.yml``: trainings, and the tools that run before and after them."""

from __future__ import annotations

from typing import NamedTuple

from .fields import check_fields
from .run import TRAIN_FIELDS, TRIALS_FIELDS, Run, make_run, split_variables
from .templates import expand, for_device

EXPERIMENT_FIELDS = ('about', 'needs', 'prepare', 'trials', 'train', 'curves', 'then', 'cpu', 'gpu')
TOOL_FIELDS = ('tool', 'options', 'each', 'keep')


class Tool(NamedTuple):
    """A command of another tool.

    Attributes:
        tool: path below tools.
        options: its arguments.
        each: argument for each run of the experiment, before ``options``.
        keep: patterns of files that are copied from work_dirs/FOLDER to docs/results/FOLDER.
    """

    tool: str
    options: list[str] = []
    each: str | None = None
    keep: list[str] = []


class Experiment(NamedTuple):
    """Trainings with one purpose.

    Attributes:
        name: name for the command line and for references.
        family: folder below configs.
        about: description in one sentence.
        needs: experiments that run first.
        parts: experiments that it needs with or without ``--gpu``.
        prepare, runs, then: its commands, in this order.
        curves: experiments whose learning curves are drawn together.
    """

    name: str
    family: str
    about: str
    needs: list[str]
    parts: frozenset[str]
    prepare: list[Tool]
    runs: list[Run]
    curves: list[str]
    then: list[Tool]


def make_experiment(name: str, family: str, fields: object, gpu: bool, where: str) -> Experiment:
    """Return an experiment with the runs of its templates.

    Args:
        name (str): its name.
        family (str): folder below configs.
        fields: its content in ``experiments.yml``.
        gpu (bool): take the fields below ``gpu`` instead of those below ``cpu``.
        where (str): its place, for error messages.

    Raises:
        ConfigError: if a field is unknown, missing or of another form.
    """
    check_fields(fields, EXPERIMENT_FIELDS, ('about',), where)
    devices = [for_device(fields, device) for device in (False, True)]
    for one in devices:
        check_fields(one, EXPERIMENT_FIELDS, ('about',), where)
    fields = devices[gpu]
    runs = []
    for kind, allowed in (('trials', TRIALS_FIELDS), ('train', TRAIN_FIELDS)):
        if kind in fields:
            place = f'{where}.{kind}'
            for found in expand(fields[kind], gpu, place):
                own, variables = split_variables(found, allowed, repr(fields), place)
                runs.append(make_run(family, own, variables, place))
    curves = fields.get('curves', [])
    return Experiment(
        name,
        family,
        fields['about'],
        fields.get('needs', []),
        frozenset(part for one in devices for part in one.get('needs', [])),
        [make_tool(tool, f'{where}.prepare') for tool in fields.get('prepare', [])],
        runs,
        [name] if curves == 'true' else curves,
        [make_tool(tool, f'{where}.then') for tool in fields.get('then', [])],
    )


def make_tool(fields: object, where: str) -> Tool:
    """Return a tool from its content in ``experiments.yml``."""
    check_fields(fields, TOOL_FIELDS, ('tool',), where)
    return Tool(**fields)

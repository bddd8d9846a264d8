"""The commands that run experiments, in order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from mmgb.functional.errors import ConfigError

from .experiment import Experiment, Tool
from .manifest import Manifest
from .run import Run
from .templates import fill

RESULTS = 'docs/results'
QUIET = ('-W', 'ignore')  # the hosts' warnings on the newest torch and numpy


class Command(NamedTuple):
    """A Python command, run from the repository's root."""

    arguments: list[str]
    unless: str | None = None  # skip it if this file exists
    requires: Sequence[str] = ()  # skip it, with a message, if one of these folders is missing
    keep: Sequence[str] = ()  # file patterns below work_dirs/FOLDER to copy to docs/results/FOLDER
    folder: str = ''


def select(manifest: Manifest, names: Sequence[str]) -> list[str]:
    """Return the experiments to run, each once and after those it needs.

    Args:
        manifest: all experiments.
        names: experiments or families; none for every experiment. A family, or no name, leaves out the experiments
            that only another one needs: with ``--gpu`` it may need others.

    Raises:
        ConfigError: if a name is neither, or experiments need each other in a circle.
    """
    known = manifest.experiments
    wanted = []
    for name in names:
        if name in manifest.families:
            wanted += top_level([one for one in known.values() if one.family == name])
        elif name in known:
            wanted.append(name)
        else:
            raise ConfigError(
                f"experiment='{name}': expected an experiment ({', '.join(known)}) or a family "
                f'({", ".join(manifest.families)})'
            )
    order: list[str] = []

    def visit(name: str, path: Sequence[str]) -> None:
        if name in path:
            raise ConfigError(f'experiment {name}: expected no circle of needs, got {" needs ".join([*path, name])}')
        if name not in order:
            for needed in known[name].needs:
                visit(needed, [*path, name])
            order.append(name)

    for name in wanted if names else top_level(known.values()):
        visit(name, [])
    return order


def top_level(experiments: Collection[Experiment]) -> list[str]:
    """Return the names of the experiments that no other of these needs, with or without ``--gpu``."""
    parts = {part for one in experiments for part in one.parts}
    return [one.name for one in experiments if one.name not in parts]


def experiment_commands(manifest: Manifest, name: str, jobs: int = 1) -> list[Command]:
    """Return the commands of one experiment, without those of the experiments it needs.

    Args:
        manifest: all experiments.
        name (str): the experiment.
        jobs (int): trials at a time.
    """
    one = manifest.experiments[name]
    commands = [tool_command(tool, []) for tool in one.prepare]
    commands += [trials_command(run, jobs) if run.result else train_command(run) for run in one.runs]
    if one.curves:
        commands.append(curves_command([run for part in one.curves for run in manifest.experiments[part].runs]))
    return commands + [tool_command(tool, one.runs) for tool in one.then]


def trials_command(run: Run, jobs: int) -> Command:
    """Return the command of ``tools/run_trials.py`` for one result."""
    arguments = ['tools/run_trials.py', run.config, '--trials', str(run.seeds), '--out', f'{RESULTS}/{run.result}.json']
    arguments += ['--jobs', str(jobs)]
    if run.first_seed:
        arguments += ['--first-seed', str(run.first_seed)]
    if run.metric:
        arguments += ['--metric', run.metric]
    if run.work_dir:
        arguments += ['--work-dir', run.work_dir]
    for key, values in run.vary.items():
        arguments += ['--vary', f'{key}={",".join(values)}']
    return Command([*QUIET, *arguments, *_cfg_options(run)])


def train_command(run: Run) -> Command:
    """Return the command of ``tools/train.py`` for one training."""
    folder = ['--work-dir', run.work_dir] if run.work_dir else []
    arguments = ['tools/train.py', run.config, *folder, *run.options, *_cfg_options(run)]
    return Command([*QUIET, *arguments], unless=run.unless)


def curves_command(runs: Sequence[Run]) -> Command:
    """Return the command that writes the table and the learning curves of several results into their folder."""
    named = [f'{run.variables["stem"]}={RESULTS}/{run.result}.json' for run in runs]
    folder = f'{RESULTS}/{runs[0].variables["folder"]}'
    return Command(['tools/analysis_tools/compare_trials.py', *named, '--out-dir', folder])


def tool_command(tool: Tool, runs: Sequence[Run]) -> Command:
    """Return the command of another tool: its ``each`` argument for each run, and its options."""
    variables = runs[0].variables if runs else {}
    each = [fill(tool.each, run.variables, f'{tool.tool}: each') for run in runs] if tool.each else []
    options = fill(tool.options, variables, f'{tool.tool}: options')
    # A tool that reads a run's logs needs its work directory, which docs/results does not hold.
    requires = [run.variables['first_run'] for run in runs if '{first_run}' in (tool.each or '')]
    folder = variables.get('folder', '')
    return Command([f'tools/{tool.tool}', *each, *options], None, requires, tool.keep, folder)


def _cfg_options(run: Run) -> list[str]:
    texts = [f'{key}={value}' for key, value in run.overrides.items()]
    return ['--cfg-options', *texts] if texts else []

"""Read and write the JSON file of trials.

One file holds the trials of one config::

    {"config": "configs/…/name.py", "cfg_options": {key: value}, "metric": "accuracy/top1", "step": "epoch",
     "environment": {…},
     "settings": [{"overrides": {key: value},
                   "trials": [{"seed": 0, "curve": [[step, value], …], "best_step": step, "best": value}, …]}, …]}

A curve holds the metric of each validation, in percent; larger is better. ``best`` is its largest value, rounded to
four decimals, and ``best_step`` the first step with it. A failed trial has ``"failed": "last line of its error"`` and
the curve until then. Validations whose metric is NaN or infinite are left out; a finished trial without any other has
failed. A trial that ran in another environment than the file's has its own ``environment``. ``step`` is
the unit of the steps, 'epoch' or 'iteration'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write

from .trial import Setting, Trial, best_point, drop_non_finite

TRIAL_FIELDS = ('seed', 'curve', 'best_step', 'best', 'failed')


def read_file(path: Path) -> dict:
    """Return the content of a file of trials.

    Raises:
        ConfigError: if ``path`` is not a file, or does not have the form above.
    """
    if not Path(path).is_file():
        raise ConfigError(f"'{path}': expected a file of tools/run_trials.py, got no file")
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        for name in ('config', 'cfg_options', 'metric', 'step', 'environment'):
            content[name]
        for setting in content['settings']:
            setting['overrides']
            setting['trials'] = [_without_non_finite(entry) for entry in setting['trials']]
    except (KeyError, TypeError, ValueError) as error:
        reason = f'{type(error).__name__}: {error}'
        raise ConfigError(f"'{path}': expected a file of tools/run_trials.py, got {reason}") from error
    return content


def read_settings(path: Path) -> list[Setting]:
    """Return the settings of a file in its order; a setting may have no trials yet.

    Raises:
        ConfigError: as :func:`read_file`.
    """
    content = read_file(path)
    return [
        Setting(
            content['metric'], content['step'], setting['overrides'], [_read_trial(one) for one in setting['trials']]
        )
        for setting in content['settings']
    ]


def _read_trial(entry: Mapping[str, object]) -> Trial:
    return Trial(entry['seed'], [tuple(point) for point in entry['curve']], entry.get('failed'))


def _without_non_finite(entry: Mapping[str, object]) -> dict:
    """Return a trial's entry as it is written now; files of earlier versions may hold NaN, which is no JSON."""
    others = {name: value for name, value in entry.items() if name not in TRIAL_FIELDS}
    return _write_trial(drop_non_finite(_read_trial(entry))) | others


def _write_trial(trial: Trial) -> dict:
    entry = dict(seed=trial.seed, curve=trial.curve)
    if trial.curve:
        entry['best_step'], entry['best'] = best_point(trial.curve)
    if trial.failed is not None:
        entry['failed'] = trial.failed
    return entry


class TrialsFile:
    """A file of trials that grows by one trial at a time; every write is atomic.

    Args:
        path (Path): the file. If it exists, its trials are kept and new ones added.
        origin: entries common to all its trials: ``config``, ``cfg_options``, ``metric`` and ``step``.
        environment: environment of the trials to be added.
        settings: overrides of each setting, in the order for a new file; an existing file may hold further settings.

    Raises:
        ConfigError: if the file exists and is not a file of trials, or has another origin. It is left unchanged.
    """

    def __init__(
        self,
        path: Path,
        origin: Mapping[str, object],
        environment: Mapping[str, object],
        settings: Sequence[Mapping[str, object]],
    ):
        self.path, self.environment = Path(path), environment
        self.content = dict(origin, environment=environment, settings=[])
        if self.path.exists():
            self.content = read_file(self.path)
            for name, value in origin.items():
                found = self.content[name]
                if found != value:
                    raise ConfigError(
                        f"'{path}': expected trials with {name}={value!r}, got {found!r}: choose another file"
                    )
        for overrides in settings:
            if self._trials(overrides) is None:
                self.content['settings'].append(dict(overrides=overrides, trials=[]))

    def seeds(self, overrides: Mapping[str, object]) -> list[int]:
        """Return the seeds of a setting's trials in the file."""
        return [trial['seed'] for trial in self._trials(overrides)]

    def add(self, overrides: Mapping[str, object], trial: Trial) -> None:
        """Add a trial to a setting and write the file."""
        entry = _write_trial(trial)
        if self.environment != self.content['environment']:
            entry['environment'] = self.environment
        trials = self._trials(overrides)
        trials.append(entry)
        trials.sort(key=lambda entry: entry['seed'])
        with atomic_write(self.path) as file:
            file.write(to_text(self.content))

    def _trials(self, overrides: Mapping[str, object]) -> list[dict] | None:
        for setting in self.content['settings']:
            if setting['overrides'] == overrides:
                return setting['trials']
        return None


def to_text(content: Mapping[str, object]) -> str:
    """Return JSON with one trial per line, so that a diff of two versions shows the trials that differ."""
    head = json.dumps({name: value for name, value in content.items() if name != 'settings'}, indent=1)
    settings = []
    for setting in content['settings']:
        trials = ',\n    '.join(map(json.dumps, setting['trials']))
        settings.append(f'  {{"overrides": {json.dumps(setting["overrides"])},\n   "trials": [\n    {trials}\n   ]}}')
    return head[:-2] + ',\n "settings": [\n' + ',\n'.join(settings) + '\n ]\n}\n'

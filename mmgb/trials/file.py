"""The JSON file of trials while it grows: see ``trials.py`` for its form."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmgb.functional.errors import ConfigError

from .trial import Trial, best_point, read_file


class TrialsFile:
    """Whole at any moment: every change is written into a file beside it, which then takes its place.

    Args:
        path: the file; where it exists, its trials are kept, and further ones added.
        origin: what its trials have in common: ``config``, ``cfg_options``, ``metric`` and ``step``.
        environment: that of the trials which are going to be added.
        settings: the overrides of each setting, in the order for the file; it may hold others.

    Raises:
        ValueError: if the file exists and isn't one of trials, or has another origin. It is left as it is.
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
                if self.content[name] != value:
                    raise ConfigError(
                        f"'{path}' holds trials with {name}={self.content[name]!r}, not {value!r}: choose another file"
                    )
        for overrides in settings:
            if self._trials(overrides) is None:
                self.content['settings'].append(dict(overrides=overrides, trials=[]))

    def seeds(self, overrides: Mapping[str, object]) -> list[int]:
        """Of the trials that the file has of a setting."""
        return [trial['seed'] for trial in self._trials(overrides)]

    def add(self, overrides: Mapping[str, object], trial: Trial) -> None:
        """Adds a trial of a setting, and writes the file."""
        entry = dict(seed=trial.seed, curve=trial.curve)
        if trial.curve:
            entry['best_step'], entry['best'] = best_point(trial.curve)
        if trial.failed is not None:
            entry['failed'] = trial.failed
        if self.environment != self.content['environment']:
            entry['environment'] = self.environment
        trials = self._trials(overrides)
        trials.append(entry)
        trials.sort(key=lambda entry: entry['seed'])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + '.unfinished')
        unfinished.write_text(to_text(self.content))
        os.replace(unfinished, self.path)

    def _trials(self, overrides: Mapping[str, object]) -> list[dict] | None:
        for setting in self.content['settings']:
            if setting['overrides'] == overrides:
                return setting['trials']
        return None


def to_text(content: Mapping[str, object]) -> str:
    """JSON with one trial a line, so that a difference of two versions shows the trials that differ."""
    head = json.dumps({name: value for name, value in content.items() if name != 'settings'}, indent=1)
    settings = []
    for setting in content['settings']:
        trials = ',\n    '.join(map(json.dumps, setting['trials']))
        settings.append(f'  {{"overrides": {json.dumps(setting["overrides"])},\n   "trials": [\n    {trials}\n   ]}}')
    return head[:-2] + ',\n "settings": [\n' + ',\n'.join(settings) + '\n ]\n}\n'

"""Several trials of one setting, each with its own seed, as ``tools/run_trials.py`` writes them.

The JSON file holds one config's trials::

    {"config": "configs/…/name.py", "cfg_options": {key: value}, "metric": "accuracy/top1", "step": "epoch",
     "environment": {…},
     "settings": [{"overrides": {key: value},
                   "trials": [{"seed": 0, "curve": [[step, value], …], "best_step": step, "best": value}, …]}, …]}

A curve has the metric of each validation, in percent, where larger is better (accuracy, mIoU). ``best`` is its largest
value, to four decimals, and ``best_step`` the first step with it. A trial that failed has ``"failed": "why"``, and the
curve until then. A trial that ran elsewhere than the file's environment has its own ``environment``. ``step`` is what
the steps count: 'epoch' or 'iteration'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.functional.errors import ConfigError


class Trial(NamedTuple):
    seed: int
    curve: Sequence[tuple[int, float]]  # (step, metric in percent) of each validation
    failed: str | None = None  # the last line of its error


class Setting(NamedTuple):
    """One setting's trials. The metric is in percent, and larger is better."""

    metric: str
    step: str  # what steps count: 'epoch' or 'iteration'
    overrides: Mapping[str, object]
    trials: Sequence[Trial]


def best_point(curve: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """The largest value with the first step that has it, as ``(step, value)``.

    To four decimals: metrics are computed in float32, and the same share of right answers may differ in the sixth.
    """
    return max(((step, round(value, 4)) for step, value in curve), key=lambda point: point[1])


def read_settings(path: Path) -> list[Setting]:
    """The settings of a file in their order, some of them perhaps without trials yet.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it isn't of the form above.
    """
    content = read_file(path)
    return [
        Setting(
            content['metric'],
            content['step'],
            setting['overrides'],
            [
                Trial(trial['seed'], [tuple(point) for point in trial['curve']], trial.get('failed'))
                for trial in setting['trials']
            ],
        )
        for setting in content['settings']
    ]


def read_file(path: Path) -> dict:
    """The file's content. Raises what :func:`read_settings` does."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"'{path}' is not a file")
    try:
        content = json.loads(Path(path).read_text())
        for name in ('config', 'cfg_options', 'metric', 'step', 'environment'):
            content[name]
        for setting in content['settings']:
            setting['overrides']
            for trial in setting['trials']:
                trial['seed'], trial['curve']
    except (KeyError, TypeError, ValueError) as error:
        reason = f'{type(error).__name__}: {error}'
        raise ConfigError(f"'{path}' is not what tools/run_trials.py writes ({reason})") from error
    return content


def name_settings(sources: Mapping[str, str]) -> dict[str, Setting]:
    """Settings by name, in order, from {name: 'FILE.json:INDEX'}, where INDEX is the setting's place in the file.

    Without an index all settings of a file are meant; where those are several, each is called by its overrides too.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_settings`; and if an index is beyond the file's settings, or a
            setting has no trial yet.
    """
    named = {}
    for name, source in sources.items():
        path, colon, index = source.rpartition(':')
        indexed = bool(colon) and index.isdigit()
        settings = read_settings(Path(path if indexed else source))
        if indexed and int(index) >= len(settings):
            raise ConfigError(
                f"'{path}' has {len(settings)} settings, so that INDEX should be from 0 to "
                f'{len(settings) - 1}, got {index}'
            )
        for setting in [settings[int(index)]] if indexed else settings:
            varied = ', '.join(f'{key.rpartition(".")[2]}={value}' for key, value in setting.overrides.items())
            if not setting.trials:
                raise ConfigError(f"'{path if indexed else source}' has no trial of the setting '{varied}' yet")
            named[name if indexed or len(settings) == 1 else f'{name}, {varied}'] = setting
    return named

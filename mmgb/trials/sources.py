"""Named settings from ``FILE.json`` or ``FILE.json:INDEX``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmgb.functional.errors import ConfigError

from .file import read_settings
from .trial import Setting


def name_settings(sources: Mapping[str, str]) -> dict[str, Setting]:
    """Return settings by name, in order.

    Args:
        sources: name to ``'FILE.json'``, for all settings of the file, or to ``'FILE.json:INDEX'``, for the one at this
            position from 0. If a file without an index has several settings, each one's name is extended by its
            overrides: ``'NAME, KEY=VALUE'``, with the shortest end of each key that no other key of the file has.

    Raises:
        ConfigError: if a source is not a file of trials, an index is beyond its settings, a setting has no trial, or
            two settings have one name.
    """
    named = {}
    for name, source in sources.items():
        path, colon, index = source.rpartition(':')
        indexed = bool(colon) and index.isdigit()
        settings = read_settings(Path(path if indexed else source))
        if indexed and int(index) >= len(settings):
            raise ConfigError(
                f"'{source}': expected an INDEX from 0 to {len(settings) - 1}, the settings of '{path}', got {index}"
            )
        short = shorten_keys([key for setting in settings for key in setting.overrides])
        for setting in [settings[int(index)]] if indexed else settings:
            varied = ', '.join(f'{short[key]}={value}' for key, value in setting.overrides.items())
            if not setting.trials:
                raise ConfigError(f"'{source}': expected trials of the setting '{varied}', got none")
            label = name if indexed or len(settings) == 1 else f'{name}, {varied}'
            if label in named:
                raise ConfigError(
                    f"'{label}': expected a name for each setting, got it twice; write NAME=FILE.json:INDEX"
                )
            named[label] = setting
    return named


def shorten_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return the shortest dotted end of each key that no other key has; the whole key if there is none."""
    ends = {key: [key.split('.', start)[start] for start in range(key.count('.'), -1, -1)] for key in keys}
    counts = Counter(end for found in ends.values() for end in found)
    return {key: next((end for end in found if counts[end] == 1), key) for key, found in ends.items()}

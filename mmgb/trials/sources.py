"""Named settings from ``FILE.json`` or ``FILE.json:INDEX``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmgb.functional.errors import ConfigError

from .file import read_settings
from .trial import Setting


def name_settings(sources: Mapping[str, str]) -> dict[str, Setting]:
    """Return settings by name, in order.

    Args:
        sources: name to ``'FILE.json'``, for all settings of the file, or to ``'FILE.json:INDEX'``, for the one at this
            position from 0. If a file without an index has several settings, each one's name is extended by its
            overrides: ``'NAME, KEY=VALUE'``.

    Raises:
        ConfigError: if a source is not a file of trials, an index is beyond its settings, or a setting has no trial.
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
        for setting in [settings[int(index)]] if indexed else settings:
            varied = ', '.join(f'{key.rpartition(".")[2]}={value}' for key, value in setting.overrides.items())
            if not setting.trials:
                raise ConfigError(f"'{source}': expected trials of the setting '{varied}', got none")
            named[name if indexed or len(settings) == 1 else f'{name}, {varied}'] = setting
    return named

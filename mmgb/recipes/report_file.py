"""Read and write the JSON file of a check of recipes.

It has the form ``{"environment": {…}, "recipes": {CONFIG: {…}}}``. An entry holds what
:func:`mmgb.recipes.check.check_recipe` returns, the options, and a digest of the config, so that a changed config, or
one checked with other options, is checked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write


def digest(content: Mapping, folder: str = '') -> str:
    """Return a short hash of the content of a config, or of some fields of it.

    Args:
        content (Mapping): config with its bases, or a dict of fields.
        folder (str): path of a temporary folder, which the hash leaves out. Default: none.
    """
    text = json.dumps(content, default=str, sort_keys=True)
    if folder:
        text = text.replace(folder, '')
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class ReportFile:
    """A file of checked recipes that grows by one at a time; every write is atomic.

    Args:
        path (Path | None): the file; an existing one is continued. None keeps the entries in memory.
        environment (dict): versions and devices, see :func:`mmgb.utils.environment.environment`.

    Raises:
        ConfigError: if the file exists and is not such a file.
    """

    def __init__(self, path: Path | None, environment: dict) -> None:
        self.path = path
        self.content: dict = dict(environment=environment, recipes={})
        if path is not None and path.exists():
            try:
                self.content = json.loads(path.read_text(encoding='utf-8'))
                self.content['recipes'].items(), self.content['environment']
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ConfigError(
                    f"--out='{path}': expected a file of tools/check_recipe.py or a new name, got other content"
                ) from error

    def find(self, config: str, identity: dict) -> dict | None:
        """Return the entry of a config, or None if it has none with the same digest and options.

        Args:
            config (str): path of the config.
            identity (dict): digest and options.
        """
        entry = self.content['recipes'].get(config)
        return entry if entry and all(entry.get(name) == value for name, value in identity.items()) else None

    def find_training(self, training: str, options: dict) -> dict | None:
        """Return the entry of a config with the same training, with its path as ``trained_as``, or None.

        Args:
            training (str): digest of the training.
            options (dict): options of the check.
        """
        for config, entry in self.content['recipes'].items():
            if entry.get('training') == training and entry['options'] == options:
                return dict(entry, trained_as=entry.get('trained_as', config))
        return None

    def add(self, config: str, entry: dict) -> None:
        """Add or replace the entry of a config, and write the file."""
        self.content['recipes'][config] = entry
        if self.path is not None:
            with atomic_write(self.path) as file:
                file.write(format_report(self.content))


def format_report(content: dict) -> str:
    """Return the text of a report, with one line per config."""
    lines = ',\n'.join(f'{json.dumps(config)}: {json.dumps(entry)}' for config, entry in content['recipes'].items())
    return f'{{"environment": {json.dumps(content["environment"])},\n"recipes": {{\n{lines}\n}}}}\n'

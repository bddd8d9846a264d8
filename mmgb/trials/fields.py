"""Read YAML with text scalars, and check which fields a mapping has."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from mmgb.functional.errors import ConfigError


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars all stay text; anchors and merge keys work."""

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag == 'tag:yaml.org,2002:merge']
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: Path) -> dict:
    """Return the mapping in a YAML file, its scalars as text.

    Raises:
        ConfigError: if the file is missing, or not a mapping in YAML.
    """
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), _TextLoader)
    except FileNotFoundError as error:
        raise ConfigError(f"'{path}': expected a file, got none") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"'{path}': expected YAML, got {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"'{path}': expected a mapping, got {type(content).__name__}")
    return content


def check_fields(fields: object, allowed: Collection[str], required: Collection[str], where: str) -> None:
    """Raise a ConfigError unless ``fields`` is a mapping with all required and no other than the allowed keys."""
    if not isinstance(fields, dict):
        raise ConfigError(f'{where}={fields!r}: expected a mapping of {", ".join(allowed)}')
    for name in fields:
        if name not in allowed:
            raise ConfigError(f'{where}.{name}: expected one of {", ".join(allowed)}, got {name!r}')
    for name in required:
        if name not in fields:
            raise ConfigError(f'{where}: expected the field {name}, got {", ".join(fields) or "none"}')

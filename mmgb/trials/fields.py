"""YAML whose scalars are texts, and checks of a mapping's fields."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from mmgb.functional.errors import ConfigError


class _TextLoader(yaml.SafeLoader):
    """Loader that keeps scalars as text and refuses a key that occurs twice; anchors and merge keys work."""

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag == 'tag:yaml.org,2002:merge']
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{name}' twice", node.start_mark)
        return super().construct_mapping(node, deep)


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
    """Raise a ConfigError unless ``fields`` is a mapping with all required keys and none but the allowed ones.

    Args:
        fields: content to check.
        allowed: names of all fields.
        required: names of the fields that must be there.
        where (str): place of the content, for error messages.
    """
    if not isinstance(fields, dict):
        raise ConfigError(f'{where}={fields!r}: expected a mapping of {", ".join(allowed)}')
    for name in fields:
        if name not in allowed:
            raise ConfigError(f'{where}.{name}: expected one of {", ".join(allowed)}, got {name!r}')
    for name in required:
        if name not in fields:
            raise ConfigError(f'{where}: expected the field {name}, got {", ".join(fields) or "none"}')

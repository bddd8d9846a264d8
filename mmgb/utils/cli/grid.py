"""Grids of config overrides: ``KEY=V1,V2,…`` for each key that varies."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from math import prod

from mmgb.functional.errors import ConfigError

from .named_arguments import split_argument
from .overrides import CLOSING, OPENING, parse_overrides

MOST_SETTINGS = 10_000


def make_grid(varied: Sequence[str]) -> list[list[str]]:
    """Return every combination of one value per key.

    Args:
        varied (Sequence[str]): arguments of ``--vary``, each ``KEY=V1,V2,…``. A value may contain commas inside
            brackets.

    Returns:
        list[list[str]]: settings, each a list of ``KEY=VALUE``; one empty setting if nothing varies.

    Raises:
        ConfigError: if an argument has another form, a key occurs twice, or a value of a key occurs twice.
    """
    choices: dict[str, list[str]] = {}
    for text in varied:
        key, values = split_argument(text, 'KEY=V1,V2,…', '--vary')
        if key in choices:
            raise ConfigError(f'--vary {key}: expected each key once, got it twice; write {key}=V1,V2,…')
        try:
            choices[key] = [f'{key}={value.strip()}' for value in split_values(values)]
            check_size(choices)
        except ConfigError as error:
            raise ConfigError(f"--vary '{text}': {error}") from error
        parsed = [json.dumps(parse_overrides([choice], '--vary')) for choice in choices[key]]
        if len(set(parsed)) < len(parsed):
            raise ConfigError(f"--vary '{text}': expected different values, got one twice")
    return [list(setting) for setting in itertools.product(*choices.values())]


def split_values(text: str) -> list[str]:
    """Split ``text`` at its commas, except those inside brackets.

    Raises:
        ConfigError: if the brackets are unbalanced or a part is empty.
    """
    parts, start, depth = [], 0, 0
    for found in re.finditer(r'[][(){},]', text):
        char = found.group()
        depth += (char in OPENING) - (char in CLOSING)
        if depth < 0:
            break
        if char == ',' and depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
    if depth:
        raise ConfigError('expected balanced brackets')
    parts.append(text[start:])
    if not all(part.strip() for part in parts):
        raise ConfigError('expected a value between commas, got an empty one')
    return parts


def check_size(choices: Mapping[str, Sequence[str]]) -> None:
    """Raise :class:`ConfigError` if the grid of ``choices`` has more than :data:`MOST_SETTINGS` settings."""
    size = prod(len(values) for values in choices.values())
    if size > MOST_SETTINGS:
        raise ConfigError(f'expected a grid of at most {MOST_SETTINGS} settings, got {size}')

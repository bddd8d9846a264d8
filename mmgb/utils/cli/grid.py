"""Grids of config overrides: ``KEY=V1,V2,…`` for each key that varies."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from mmgb.functional.errors import ConfigError

from .named_arguments import split_argument
from .overrides import CLOSING, OPENING, parse_overrides


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
    parts, depth = [''], 0
    for char in text:
        depth += (char in OPENING) - (char in CLOSING)
        if depth < 0:
            break
        if char == ',' and depth == 0:
            parts.append('')
        else:
            parts[-1] += char
    if depth:
        raise ConfigError('expected balanced brackets')
    if not all(part.strip() for part in parts):
        raise ConfigError('expected a value between commas, got an empty one')
    return parts

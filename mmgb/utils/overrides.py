"""Overrides of a config as they are written on a command line: ``KEY=VALUE``, and ``KEY=V1,V2,…`` for a grid."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
from collections.abc import Sequence

from mmengine.config import DictAction

from mmgb.functional.errors import ConfigError

from .cfg_options import ERRORS, VALUES

OPENING, CLOSING = '([{', ')]}'
LONGEST_SLUG = 120  # characters: a file name may have 255 bytes


def split_values(text: str) -> list[str]:
    """The parts of ``text`` between its commas, but not at those inside of brackets.

    Raises:
        ValueError: if a bracket isn't closed or not opened, or if a part is empty.
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
        raise ConfigError('the brackets are not balanced')
    if not all(part.strip() for part in parts):
        raise ConfigError('a value is empty')
    return parts


def parse_overrides(texts: Sequence[str], option: str) -> dict[str, object]:
    """{key: value} of ``KEY=VALUE`` texts, read as ``--cfg-options`` reads them; tuples are lists, as in JSON.

    Raises:
        ConfigError: if a text isn't of this form; the sentence names ``option``.
    """
    for text in texts:
        key, equals, value = text.partition('=')
        if not key or not equals:
            raise ConfigError(f"{option} '{text}' should be KEY=VALUE")
        if any(value.count(opening) != value.count(closing) for opening, closing in zip(OPENING, CLOSING)):
            raise ConfigError(f"{option} '{text}': the brackets are not balanced")
    parser = argparse.ArgumentParser()
    parser.add_argument('--overrides', nargs='*', action=DictAction, default={})
    try:
        overrides = parser.parse_args(['--overrides', *texts]).overrides
    except ERRORS as error:
        raise ConfigError(f"{option} '{' '.join(texts)}': {VALUES}") from error
    return json.loads(json.dumps(overrides))


def make_grid(varied: Sequence[str]) -> list[list[str]]:
    """Every combination of one value for each key: lists of ``KEY=VALUE``; one empty list if nothing is varied.

    Args:
        varied: ``KEY=V1,V2,…`` of each key.

    Raises:
        ConfigError: if one isn't of this form, or if a key or one of a key's values is there twice.
    """
    choices = {}
    for text in varied:
        key, equals, values = text.partition('=')
        if not key or not equals:
            raise ConfigError(f"--vary '{text}' should be KEY=V1,V2,…")
        if key in choices:
            raise ConfigError(f'--vary {key} is given twice: write its values as {key}=V1,V2,…')
        try:
            choices[key] = [f'{key}={value.strip()}' for value in split_values(values)]
        except ValueError as error:
            raise ConfigError(f"--vary '{text}': {error}") from error
        found = [json.dumps(parse_overrides([choice], '--vary')) for choice in choices[key]]
        if len(set(found)) < len(found):
            raise ConfigError(f"--vary '{text}' has a value twice")
    return [list(setting) for setting in itertools.product(*choices.values())]


def slug(overrides: Sequence[str]) -> str:
    """A folder's name made of ``KEY=VALUE`` texts, another one for others; '' of none."""
    text = ','.join(overrides)
    name = re.sub(r'[^\w.=,+-]+', '_', text)
    if name == text and len(name) <= LONGEST_SLUG:
        return name
    # What was replaced or cut off might have been the only difference.
    return f'{name[:LONGEST_SLUG]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}'

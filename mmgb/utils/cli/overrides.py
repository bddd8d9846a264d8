"""Parse config overrides ``KEY=VALUE``, and name a folder after them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from mmgb.functional.errors import ConfigError

from .cfg_options import ALLOWED_VALUES, parse_value
from .named_arguments import split_argument

OPENING, CLOSING = '([{', ')]}'
LONGEST_SLUG = 120  # characters: a file name may have 255 bytes


def parse_overrides(texts: Sequence[str], option: str) -> dict[str, object]:
    """Parse ``KEY=VALUE`` texts into plain data, by the rules of ``--cfg-options``.

    Args:
        texts (Sequence[str]): overrides from the command line.
        option (str): option that they belong to, for the error messages.

    Returns:
        dict[str, object]: dotted key to value. Tuples become lists, as in JSON.

    Raises:
        ConfigError: if a text is not ``KEY=VALUE``, or if mmengine cannot parse its value.
    """
    overrides = {}
    for text in texts:
        key, value = split_argument(text, 'KEY=VALUE', option)
        if any(value.count(opening) != value.count(closing) for opening, closing in zip(OPENING, CLOSING)):
            raise ConfigError(f"{option} '{text}': expected balanced brackets")
        try:
            overrides[key] = parse_value(value)
        except ValueError as error:
            raise ConfigError(f"{option} '{text}': {ALLOWED_VALUES}") from error
    return json.loads(json.dumps(overrides))


def slug(overrides: Sequence[str]) -> str:
    """Return a folder name for ``KEY=VALUE`` texts: '' for none, and different names for different texts."""
    text = ','.join(overrides)
    name = re.sub(r'[^\w.=,+-]+', '_', text)
    if name == text and len(name) <= LONGEST_SLUG:
        return name
    # The replaced or cut characters may be the only difference between two texts, so add a hash.
    return f'{name[:LONGEST_SLUG]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}'

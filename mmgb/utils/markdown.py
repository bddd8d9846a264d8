"""Markdown tables, and generated blocks between two comment lines of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmgb.functional.errors import ConfigError


def table(header: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """Return a Markdown table, its first column left-aligned; numbers have one decimal."""
    lines = [header, ['---'] + ['---:'] * (len(header) - 1)]
    lines += [[cell if isinstance(cell, str) else f'{cell:.1f}' for cell in row] for row in rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'


def replace_block(text: str, name: str, content: str) -> str:
    """Return ``text`` with ``content`` between the lines ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: if the text doesn't hold each of the two lines once, in this order.
    """
    pattern = re.compile(f'(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)', re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ConfigError(f'expected one block from <!-- {name} --> to <!-- /{name} -->')
    return pattern.sub(lambda match: match.group(1) + content + match.group(2), text)

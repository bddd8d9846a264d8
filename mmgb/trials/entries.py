"""Tables and claims of ``experiments.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mmgb.functional.errors import ConfigError

from .fields import check_fields

TABLE_FIELDS = ('kind', 'rows', 'numbers', 'file', 'varied', 'columns')
CLAIM_FIELDS = ('statement', 'paper', 'quantity', 'expected', 'first', 'second', 'until', 'headline', 'table')
HEADLINE_FIELDS = ('change', 'tried_on')


class TableBlock(NamedTuple):
    """A generated block of a Markdown file.

    Attributes:
        name: name in the comment lines around the block.
        kind: kind of table, see :mod:`mmgb.trials.report`.
        file: path from the repository's root.
        rows: experiment to the label of its rows.
        numbers: file below docs/results.
        varied: column head of a grid, or None for its default.
        columns: labels of the runs that are the columns of a gain table, or names of a difference table's two sides.
    """

    name: str
    kind: str
    file: str
    rows: Mapping[str, str]
    numbers: str | None
    varied: str | None
    columns: list[str]


class ClaimEntry(NamedTuple):
    """A claim and the two results that test it, see :class:`mmgb.trials.claims.Claim`.

    With ``table`` it is a row of that difference table, with the statement as its label, and no paper's claim.
    """

    statement: str
    expected: str
    first: str
    second: str
    paper: str = ''
    quantity: str = 'minimum error'
    until: tuple[float, float] | None = None
    headline: tuple[str, str] | None = None
    table: str | None = None


def make_table(name: str, fields: object, file: str, where: str) -> TableBlock:
    """Return a generated block from its content in ``experiments.yml``; ``file`` is the default of its file."""
    check_fields(fields, TABLE_FIELDS, ('kind',), where)
    rows = {}
    for row in fields.get('rows', []):  # EXPERIMENT or EXPERIMENT: LABEL
        rows.update(row if isinstance(row, dict) else {row: row})
    return TableBlock(
        name,
        fields['kind'],
        fields.get('file', file),
        rows,
        fields.get('numbers'),
        fields.get('varied'),
        fields.get('columns', []),
    )


def make_claim(fields: object, where: str) -> ClaimEntry:
    """Return a claim from its content in ``experiments.yml``."""
    check_fields(fields, CLAIM_FIELDS, ('statement', 'expected', 'first', 'second'), where)
    for name, allowed in (('expected', ('lower', 'higher')), ('quantity', ('minimum error', 'best epoch'))):
        if fields.get(name, allowed[0]) not in allowed:
            raise ConfigError(f"{where}.{name}='{fields[name]}': expected {' or '.join(allowed)}")
    values = dict(fields)
    if 'headline' in fields:
        check_fields(fields['headline'], HEADLINE_FIELDS, HEADLINE_FIELDS, f'{where}.headline')
        if fields.get('quantity', 'minimum error') != 'minimum error':
            raise ConfigError(f"{where}.quantity='{fields['quantity']}': expected minimum error for a headline")
        values['headline'] = fields['headline']['change'], fields['headline']['tried_on']
    if 'until' in fields:
        first, second = fields['until']
        values['until'] = float(first), float(second)
    return ClaimEntry(**values)

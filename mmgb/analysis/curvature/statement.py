"""A statement of Section 4 with its verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

HOLDS, FAILS, OBSERVED = 'holds', 'fails', 'an observation'


class Statement(NamedTuple):
    """A statement of the paper and the result of checking it.

    Attributes:
        claim (str): the statement in our words.
        verdict (str): HOLDS or FAILS as mathematics, or OBSERVED if mathematics can't decide it.
        reason (str): computed evidence, as text.
        values (dict[str, float]): unrounded numbers of ``reason``.
    """

    claim: str
    verdict: str
    reason: str
    values: dict[str, float]


def verdict(condition: object) -> str:
    """Return HOLDS if ``condition`` is true, else FAILS."""
    return HOLDS if bool(condition) else FAILS


def statements_text(statements: Iterable[Statement]) -> str:
    """Return the statements as a numbered list in Markdown."""
    return ''.join(
        f'{number}. {claim}. **{result.capitalize()}**: {reason}.\n'
        for number, (claim, result, reason, _) in enumerate(statements, 1)
    )

"""Table of one comparison on several data sets: the errors of its two sides, their difference, and a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from mmgb.utils.markdown import table

from .claims import Claim, count_trials, difference, samples, verdict
from .statistics import estimate_mean, kind_of_failures
from .welch_test import welch_test


def difference_table(claims: Sequence[Claim], sides: Sequence[str]) -> str:
    """Return a table with one row per claim.

    Args:
        claims: claims about the minimum error, with the row's label as their statement.
        sides: names of the first and of the second setting.
    """
    first, second = sides
    return table(
        [
            '',
            f'{first}: error, %',
            f'{second}: error, %',
            'second minus first',
            "p of Welch's test",
            'trials',
            'learning rates tried',
            'second is lower',
        ],
        [_row(claim) for claim in claims],
    )


def _row(claim: Claim) -> list[str]:
    judged = '; '.join(filter(None, (verdict(claim), claim.stopping)))
    if claim.first is None or claim.second is None:
        return [claim.statement, *[''] * 6, judged]
    errors = samples(claim)
    p = welch_test(*errors).p
    return [
        claim.statement,
        *(
            estimate_mean(found).show() if found else kind_of_failures(setting)
            for found, setting in zip(errors, (claim.first, claim.second))
        ),
        difference(claim).show('+') if all(errors) else '',
        '' if p != p else f'{p:.2g}',
        ' and '.join(map(count_trials, (claim.first, claim.second))),
        claim.tuning,
        judged,
    ]

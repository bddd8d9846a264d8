"""Table of the README: what a change of the training did to the error, the changes that help first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mmgb.utils.markdown import table

from .claims import Claim, samples
from .statistics import difference_of_means, estimate_mean, kind_of_failures
from .welch_test import welch_test

HELPS, UNCLEAR, UNKNOWN, HURTS = '**helps**', 'no visible difference', 'no verdict', '**hurts**'
ORDER = (HELPS, UNCLEAR, UNKNOWN, HURTS)


def effect(claim: Claim) -> str:
    """Return whether the claim's second setting has a clearly lower or a clearly higher error than its first.

    Clear is a difference that :func:`~mmgb.trials.welch_test.welch_test` finds. Without two finished trials of each
    setting there is no verdict.
    """
    if claim.first is None or claim.second is None or min(map(len, samples(claim))) < 2:
        return UNKNOWN
    found = difference_of_means(*samples(claim)).mean
    if not abs(found) > welch_test(*samples(claim)).margin:
        return UNCLEAR
    return HELPS if found < 0 else HURTS


def headline_table(claims: Sequence[Claim]) -> str:
    """Return a table with one row per claim, sorted by its effect; a star marks trials added after a look.

    Args:
        claims: claims about the minimum error, with ```headline```.
    """
    rows = []
    for claim in sorted(claims, key=lambda claim: ORDER.index(effect(claim))):
        errors, p = ['not measured'] * 2, ''
        if claim.first is not None and claim.second is not None:
            errors = [
                estimate_mean(values).show() if values else kind_of_failures(setting)
                for values, setting in zip(samples(claim), (claim.first, claim.second))
            ]
            found = welch_test(*samples(claim)).p
            p = '' if math.isnan(found) else f', p {found:.2g}'
        star = ' \\*' if 'after a look' in claim.stopping else ''
        rows.append([*claim.headline, *errors, f'{effect(claim)}{p}{star}'])
    return table(['change', 'tried on', 'error before, %', 'error after, %', 'result'], rows)

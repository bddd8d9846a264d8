"""The papers' claims beside what was measured here, and a verdict by one rule for all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.utils.markdown import table

from .statistics import Estimate, best_steps, count_failures, difference_of_means, finished, minimum_errors
from .trial import Setting, read_settings

# A difference counts when it is this many standard errors away from 0.
CLEAR = 2.0


class Claim(NamedTuple):
    """That ``second`` has a lower (or a higher) ``quantity`` than ``first``.

    Attributes:
        statement: what is claimed, with its source.
        paper: the paper's own numbers, '' if it gives none.
        quantity: 'minimum error', in percent, or 'best epoch'.
        expected: 'lower' or 'higher'.
        first, second: the measured settings; None where it wasn't measured yet.
        command: measures them.
        headline: whether the README shows it, too.
    """

    statement: str
    paper: str
    quantity: str
    expected: str
    first: Setting | None
    second: Setting | None
    command: str
    headline: bool = False


def read_claims(path: Path) -> list[Claim]:
    """A JSON list of claims, ``first`` and ``second`` naming files of ``tools/run_trials.py`` in the same folder.

    With ``"until": [6, 4]`` the first one's trials are read up to step 6, the second one's up to step 4: at a fixed
    rate the same as a shorter training. A file that isn't there, or has no trial yet, wasn't measured.
    """

    def setting(name: str, until: float) -> Setting | None:
        source = path.parent / name
        found = read_settings(source)[0] if source.exists() else None
        return None if found is None or not found.trials else shorten(found, until)

    claims = []
    for fields in json.loads(path.read_text()):
        until = fields.pop('until', (math.inf, math.inf))
        settings = {key: setting(fields[key], last) for key, last in zip(('first', 'second'), until)}
        claims.append(Claim(**{**fields, **settings}))
    return claims


def shorten(setting: Setting, last: float) -> Setting:
    """The setting with its trials' curves up to step ``last``."""
    return setting._replace(
        trials=[trial._replace(curve=[point for point in trial.curve if point[0] <= last]) for trial in setting.trials]
    )


def difference(claim: Claim) -> Estimate:
    """Second minus first, of the means over the trials that didn't fail; NaN without one of each."""
    quantities = {'minimum error': lambda setting: minimum_errors(finished(setting)), 'best epoch': best_steps}
    first, second = (quantities[claim.quantity](setting) for setting in (claim.first, claim.second))
    return difference_of_means(first, second)


def verdict(claim: Claim) -> str:
    """'holds' or 'contradicted' where the difference is clear, else that it can't be seen."""
    if claim.first is None or claim.second is None:
        return f'not measured yet: `{claim.command}`'
    found = difference(claim)
    if math.isnan(found.mean):
        return 'one of them diverged in every trial'
    if math.isnan(found.standard_error):
        return 'one trial: no verdict'
    smallest = CLEAR * found.standard_error
    if abs(found.mean) <= smallest:
        return f"not visible: effects below {smallest:.2f} can't be seen"
    return 'holds' if (found.mean < 0) == (claim.expected == 'lower') else 'contradicted'


def claims_table(claims: Sequence[Claim]) -> str:
    """One row a claim."""
    rows = []
    for claim in claims:
        ours = ''
        if claim.first is not None and claim.second is not None:
            found = difference(claim)
            trials = ' and '.join(map(_count_trials, (claim.first, claim.second)))
            sizes = '' if math.isnan(found.mean) else f'{found.show("+")}, '
            ours = f'{claim.quantity}: {sizes}{trials} trials'
        rows.append([claim.statement, claim.paper or 'no number', ours, verdict(claim)])
    return table(['claim', 'the paper', 'measured: second minus first', 'verdict'], rows)


def _count_trials(setting: Setting) -> str:
    failures = ', '.join(count_failures(setting))
    return f'{len(setting.trials)} ({failures})' if failures else str(len(setting.trials))

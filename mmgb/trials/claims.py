"""Claims of the papers, and a verdict on each by one rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.utils.markdown import table

from .entries import ClaimEntry
from .file import read_settings
from .statistics import CLEAR, Estimate, best_steps, count_failures, difference_of_means, finished, minimum_errors
from .trial import Setting


class Claim(NamedTuple):
    """The claim that ``second`` has a lower or higher ``quantity`` than ``first``.

    Attributes:
        statement: the claim with its source.
        paper: the paper's own numbers, '' if it gives none.
        quantity: 'minimum error', in percent, or 'best epoch'.
        expected: 'lower' or 'higher'.
        first, second: the measured settings, None if not measured yet.
        command: command that measures them.
        headline: show the claim in the README, too.
    """

    statement: str
    paper: str
    quantity: str
    expected: str
    first: Setting | None
    second: Setting | None
    command: str
    headline: bool = False


def read_claim(entry: ClaimEntry, results: Path, command: str) -> Claim:
    """Return a claim with the trials of its two results; a result without trials was not measured.

    Args:
        entry: the claim as ``experiments.yml`` has it. With ``until`` (6, 4) the curves of the first result end at step
            6, those of the second at step 4: at a constant learning rate the same as shorter trainings.
        results (Path): folder of the files of trials.
        command (str): the command that measures the claim.
    """
    settings = []
    for name, last in zip((entry.first, entry.second), entry.until or (math.inf, math.inf)):
        path = results / f'{name}.json'
        found = read_settings(path)[0] if path.exists() else None
        settings.append(shorten(found, last) if found is not None and found.trials else None)
    first, second = settings
    return Claim(
        entry.statement, entry.paper, entry.quantity, entry.expected, first, second, command, headline=entry.headline
    )


def shorten(setting: Setting, last: float) -> Setting:
    """Return the setting with its trials' curves cut after step ``last``."""
    return setting._replace(
        trials=[trial._replace(curve=[point for point in trial.curve if point[0] <= last]) for trial in setting.trials]
    )


def difference(claim: Claim) -> Estimate:
    """Return the difference of means, second minus first, over the trials that did not fail; NaN if there is none."""
    quantities = {'minimum error': lambda setting: minimum_errors(finished(setting)), 'best epoch': best_steps}
    first, second = (quantities[claim.quantity](setting) for setting in (claim.first, claim.second))
    return difference_of_means(first, second)


def verdict(claim: Claim) -> str:
    """Return 'holds' or 'contradicted' if the difference is clear, otherwise the reason why there is no verdict."""
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
    """Return a table with one row per claim."""
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

"""Claims of the papers, and a verdict on each by one rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmgb.utils.markdown import table

from .conduct import describe_stopping, describe_tuning
from .entries import ClaimEntry
from .file import read_settings
from .run import Run
from .statistics import (
    Estimate,
    best_steps,
    count_failures,
    difference_of_means,
    finished,
    kind_of_failures,
    minimum_errors,
)
from .trial import Setting
from .welch_test import welch_test


class Claim(NamedTuple):
    """The claim that ``second`` has a lower or higher ``quantity`` than ``first``.

    Attributes:
        statement: the claim with its source.
        paper: the paper's own numbers, '' if it gives none.
        quantity: 'minimum error', in percent, or 'best epoch'.
        expected: 'lower' or 'higher'.
        first, second: the measured settings, None if not measured yet.
        command: command that measures them.
        stopping: how the numbers of trials came about, '' if they were fixed beforehand.
        tuning: numbers of learning rates from which those of the settings were chosen.
        headline: what changes and what it was tried on, for the README's table; None: not in that table.
        table: difference table that shows the claim instead of the table of claims, or None.
    """

    statement: str
    paper: str
    quantity: str
    expected: str
    first: Setting | None
    second: Setting | None
    command: str
    stopping: str = ''
    tuning: str = ''
    headline: tuple[str, str] | None = None
    table: str | None = None


def read_claim(entry: ClaimEntry, results: Path, runs: tuple[Run, Run], command: str) -> Claim:
    """Return a claim with the trials of its two results; a result without trials was not measured.

    Args:
        entry: the claim as ``experiments.yml`` has it. With ``until`` (6, 4) the curves of the first result end at step
            6, those of the second at step 4: at a constant learning rate the same as shorter trainings.
        results (Path): folder of the files of trials.
        runs: the runs that make the two results.
        command (str): the command that measures the claim.
    """
    settings = []
    for name, last in zip((entry.first, entry.second), entry.until or (math.inf, math.inf)):
        path = results / f'{name}.json'
        found = read_settings(path)[0] if path.exists() else None
        settings.append(shorten(found, last) if found is not None and found.trials else None)
    measured = None not in settings
    return Claim(
        entry.statement,
        entry.paper,
        entry.quantity,
        entry.expected,
        *settings,
        command,
        describe_stopping(runs, [len(setting.trials) for setting in settings]) if measured else '',
        describe_tuning(runs, results) if measured else '',
        entry.headline,
        entry.table,
    )


def shorten(setting: Setting, last: float) -> Setting:
    """Return the setting with its trials' curves cut after step ``last``."""
    return setting._replace(
        trials=[trial._replace(curve=[point for point in trial.curve if point[0] <= last]) for trial in setting.trials]
    )


def samples(claim: Claim) -> tuple[list[float], list[float]]:
    """Return the claim's quantity in the trials of the first and of the second setting that did not fail."""
    quantities = {'minimum error': lambda setting: minimum_errors(finished(setting)), 'best epoch': best_steps}
    return quantities[claim.quantity](claim.first), quantities[claim.quantity](claim.second)


def difference(claim: Claim) -> Estimate:
    """Return the difference of means, second minus first, over the trials that did not fail; NaN if there is none."""
    return difference_of_means(*samples(claim))


def verdict(claim: Claim) -> str:
    """Return 'holds' or 'contradicted' for a difference that Welch's test finds clear, else why there is no verdict."""
    if claim.first is None or claim.second is None:
        return f'not measured yet: `{claim.command}`'
    found = difference(claim)
    if math.isnan(found.mean):
        return f'one of them {kind_of_failures(claim.first, claim.second)} in every trial'
    if math.isnan(found.standard_error):
        return 'one trial: no verdict'
    margin = welch_test(*samples(claim)).margin
    if abs(found.mean) <= margin:
        return f"not visible: effects below {margin:.2f} can't be seen"
    return 'holds' if (found.mean < 0) == (claim.expected == 'lower') else 'contradicted'


def claims_table(claims: Sequence[Claim]) -> str:
    """Return a table with one row per claim."""
    rows = []
    for claim in claims:
        ours = ''
        if claim.first is not None and claim.second is not None:
            found = difference(claim)
            trials = ' and '.join(map(count_trials, (claim.first, claim.second)))
            sizes = '' if math.isnan(found.mean) else f'{found.show("+")}, '
            p = welch_test(*samples(claim)).p
            ours = f'{claim.quantity}: {sizes}{trials} trials{"" if math.isnan(p) else f", p {p:.2g}"}'
        judged = '; '.join(filter(None, (verdict(claim), claim.stopping)))
        rows.append([claim.statement, claim.paper or 'no number', ours, claim.tuning, judged])
    return table(['claim', 'the paper', 'measured: second minus first', 'learning rates tried', 'verdict'], rows)


def count_trials(setting: Setting) -> str:
    """Return the number of trials, and of those that failed."""
    failures = ', '.join(count_failures(setting))
    return f'{len(setting.trials)} ({failures})' if failures else str(len(setting.trials))

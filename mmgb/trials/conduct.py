"""Conduct of a comparison: whether its trials were fixed beforehand, and how its two sides were tuned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .file import read_settings
from .run import Run


def describe_stopping(runs: Sequence[Run], counts: Sequence[int]) -> str:
    """Return how the numbers of trials came about, '' if they were fixed beforehand and all have been run.

    A test's level holds for a number of trials fixed beforehand. Trials that are added because the first ones left a
    question open raise the chance of a verdict, and so must be named beside it.

    Args:
        runs: the runs of a comparison.
        counts: number of trials that each has.
    """
    looks = sorted({look for run in runs for look in run.looked_at})
    notes = [f'trials were added after a look at {" and ".join(map(str, looks))}'] if looks else []
    missing: dict[str, list[str]] = {}
    for run, count in zip(runs, counts):
        if count < run.seeds:
            missing.setdefault(f'{count} of {run.seeds} planned trials', []).append(run.label)
    return '; '.join(notes + [f'{", ".join(labels)}: {note}' for note, labels in missing.items()])


def count_learning_rates(run: Run, results: Path) -> int | None:
    """Return the number of learning rates from which a run's was chosen, or None if it was not tuned.

    Args:
        run: a run with the grid in ``tuned_by``: FILE of trials, or FILE:ROW of a file of best metrics.
        results (Path): folder of the files.
    """
    if run.tuned_by is None:
        return None
    name, _, row = run.tuned_by.partition(':')
    path = results / f'{name}.json'
    return len(json.loads(path.read_text(encoding='utf-8'))[row] if row else read_settings(path))


def describe_tuning(runs: Sequence[Run], results: Path) -> str:
    """Return how many learning rates each of two runs had to choose from, and name the one with more."""
    counts = [count_learning_rates(run, results) or 0 for run in runs]
    if not any(counts):
        return 'not tuned'
    text = ' and '.join(str(count or 'none') for count in counts)
    return text if counts[0] == counts[1] else f'{text}: more for {runs[counts.index(max(counts))].label}'

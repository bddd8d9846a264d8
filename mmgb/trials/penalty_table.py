"""Table of the family between cross-entropy and exp-GB, see :mod:`mmgb.analysis.normaliser_penalty`."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mmgb.utils.markdown import table

from .statistics import estimate_mean


def penalty_table(numbers: Mapping) -> str:
    """Return a row for each data set and factor: learning rate, error and spread with their standard errors."""
    rows = []
    for case in numbers['cases']:
        finished = [found for found in case['trials'] if math.isfinite(found['error'])]
        error, spread = (_show([found[name] for found in finished]) for name in ('error', 'spread'))
        trials = str(len(case['trials']))
        if len(finished) < len(case['trials']):
            trials += f', {len(case["trials"]) - len(finished)} diverged'
        rows.append([case['data'], f'{case["factor"]:g}', f'{case["rate"]:g}', trials, error, spread])
    head = ['data', 'lambda', 'best of the learning rates', 'trials', 'test error, %', 'standard deviation of u']
    return table(head, rows)


def _show(values: list[float]) -> str:
    return estimate_mean(values).show() if values else 'diverged'

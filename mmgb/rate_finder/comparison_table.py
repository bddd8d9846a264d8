"""Table of the finder's suggestions beside the best of the measured learning rates."""

from __future__ import annotations

from pathlib import Path

from mmgb.trials.file import read_settings
from mmgb.trials.statistics import minimum_errors
from mmgb.utils.markdown import table

from .rate_rule import combine, suggest_rate

RATE = 'optim_wrapper.optimizer.lr'


def best_measured_rate(grid: Path) -> float:
    """Return the learning rate with the lowest mean minimum error in a file of trials."""
    settings = [setting for setting in read_settings(grid) if all(trial.failed is None for trial in setting.trials)]
    errors = {setting.overrides[RATE]: minimum_errors(setting.trials) for setting in settings}
    return min(errors, key=lambda rate: sum(errors[rate]) / len(errors[rate]))


def comparison_table(numbers: dict, results: Path) -> str:
    """Return one row per setting of ``tools/benchmarks/rate_finder.py``.

    Args:
        numbers (dict): content of its file.
        results (Path): folder with the files of trials of the grids.
    """
    rows = []
    for case in numbers['results']:
        best = best_measured_rate(results / case['grid'])
        found = [suggest_rate(numbers['rates'], [float(loss) for loss in losses]) for losses in case['losses']]
        fell = [suggestion for suggestion in found if suggestion.rate is not None]
        ways = [[getattr(suggestion, way) for suggestion in fell] for way in ('rate', 'lowest', 'steepest')]
        suggested = [combine(rates) for rates in ways]
        rows.append(
            [
                case['title'],
                f'{len(fell)} of {len(found)}',
                f'{best:.2g}',
                f'{suggested[0]:.2g}',
                *(f'{best / rate:.2g}' for rate in suggested),
            ]
        )
    header = ['setting', 'starts that fell', 'best measured', 'suggested', 'best / suggested', '/ lowest', '/ steepest']
    return table(header, rows)

"""Tables of the best measured learning rates, and of the finder's suggestions beside them."""

from __future__ import annotations

from pathlib import Path

from mmgb.trials.file import read_settings
from mmgb.trials.statistics import minimum_errors
from mmgb.utils.markdown import table

from .rate_rule import combine, suggest_rate

RATE = 'optim_wrapper.optimizer.lr'
BASELINE = 'softmax'


def best_measured_rate(grid: Path) -> float:
    """Return the learning rate with the lowest mean minimum error in a file of trials."""
    settings = [setting for setting in read_settings(grid) if all(trial.failed is None for trial in setting.trials)]
    errors = {setting.overrides[RATE]: minimum_errors(setting.trials) for setting in settings}
    return min(errors, key=lambda rate: sum(errors[rate]) / len(errors[rate]))


def measured_rates_table(numbers: dict, results: Path) -> str:
    """Return the best measured learning rate of each loss, with its ratio to softmax's: one row per setting.

    Args:
        numbers (dict): content of the file of ``tools/benchmarks/rate_finder.py``; a title is ``SETTING: LOSS``.
        results (Path): folder with the files of trials of the grids.
    """
    rates: dict[str, dict[str, float]] = {}
    for case in numbers['results']:
        setting, loss = case['title'].rsplit(': ', 1)
        rates.setdefault(setting, {})[loss] = best_measured_rate(results / case['grid'])
    losses = list(next(iter(rates.values())))
    rows = [
        [
            setting,
            *(
                f'{rate:.2g}' + (f' (x {rate / found[BASELINE]:.2g})' if loss != BASELINE else '')
                for loss, rate in found.items()
            ),
        ]
        for setting, found in rates.items()
    ]
    return table(['data, optimizer', *losses], rows)


def suggested_rates_table(numbers: dict, results: Path) -> str:
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
        if not fell:
            rows.append([case['title'], f'0 of {len(found)}', f'{best:.2g}', 'no loss fell', '', '', ''])
            continue
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

"""Markdown tables that compare settings with several trials each."""

import math
from collections.abc import Mapping

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.markdown import table

from .statistics import (
    WORST,
    best_steps,
    compare,
    count_failures,
    estimate_mean,
    finished,
    kind_of_failure,
    last_values,
    minimum_errors,
)
from .trial import Setting


def trials_table(settings: Mapping[str, Setting]) -> str:
    """Return a table with one row per setting; its last three columns compare with the first setting.

    Args:
        settings: name to setting.

    Raises:
        ConfigError: if two settings differ in their metric or in the unit of their steps.
    """
    metric, step = check_comparable(settings)
    first = next(iter(settings.values()))
    rows = [
        [name, *_summary(setting), *(_against(first, setting) if setting is not first else ['', '', ''])]
        for name, setting in settings.items()
    ]
    return table(
        [
            '',
            'trials',
            'minimum error, %: median (quartiles)',
            f'best {step}: median',
            f'last {metric}, %: mean ± standard error',
            'minimum error against the first row, %: difference of means ± standard error',
            "p of Welch's test",
            'p of the rank test',
        ],
        rows,
    )


def grid_table(settings: Mapping[str, Setting], varied: str = 'rate') -> str:
    """Return a table of settings that differ in one value: one row per file, sorted by the value, the best in bold.

    Several trials are shown as their mean minimum error with its standard error; a failed one has 100 %.

    Args:
        settings: settings named ``'NAME, KEY=VALUE'``, or ``'NAME'`` if it is the only one of its file, as
            :func:`mmgb.trials.sources.name_settings` names them.
        varied (str): name of the value in the table's head. Default: 'rate'.
    """
    rows = {}
    for setting_name, setting in settings.items():
        ((key, value),) = setting.overrides.items()
        error = estimate_mean(minimum_errors(setting.trials))
        if not finished(setting):
            shown = kind_of_failure(setting.trials[0])
        elif len(setting.trials) == 1:
            shown = f'{error.mean:.2f}'
        else:
            shown = ', '.join([error.show(), *count_failures(setting)])
        row = setting_name.removesuffix(f', {key.rpartition(".")[2]}={value}')
        rows.setdefault(row, []).append((value, error.mean, shown))
    most = max(map(len, rows.values()))
    cells = [[name, *_grid_cells(found), *[''] * (most - len(found))] for name, found in rows.items()]
    return table(['', *[f'{varied}: minimum error, %'] * most], cells)


def _grid_cells(found: list[tuple[float, float, str]]) -> list[str]:
    best = min(error for _, error, _ in found)
    return [
        f'{value:g}: ' + (f'**{shown}**' if error == best < WORST else shown) for value, error, shown in sorted(found)
    ]


def check_comparable(settings: Mapping[str, Setting]) -> tuple[str, str]:
    """Return the metric and the unit of the steps that all settings share.

    Raises:
        ConfigError: if two settings differ in one of them.
    """
    names = list(settings)
    kinds = [(setting.metric, setting.step) for setting in settings.values()]
    for name, kind in zip(names, kinds):
        if kind != kinds[0]:
            raise ConfigError(f"'{name}': expected {' by '.join(kinds[0])} like '{names[0]}', got {' by '.join(kind)}")
    return kinds[0]


def _summary(setting: Setting) -> list[str]:
    lower, median, upper = np.percentile(minimum_errors(setting.trials), (25, 50, 75))
    cells = [
        ', '.join([str(len(setting.trials)), *count_failures(setting)]),
        f'{median:.2f} ({lower:.2f} to {upper:.2f})',
    ]
    if not finished(setting):
        return [*cells, '', '']
    return [*cells, f'{np.median(best_steps(setting)):.1f}', estimate_mean(last_values(setting)).show()]


def _against(first: Setting, setting: Setting) -> list[str]:
    difference, welch, p = compare(first, setting)
    return [
        '' if math.isnan(difference.mean) else difference.show('+'),
        '' if math.isnan(welch.p) else f'{welch.p:.2g}',
        f'{p:.2g}',
    ]

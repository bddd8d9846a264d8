"""Markdown table of the extreme settings of ``tools/benchmarks/explosions.py``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mmgb.utils.markdown import table


def explosion_table(results: Sequence[dict]) -> str:
    """Return a row per loss, alpha and bound, a column per learning rate, and how the trainings of all targets end.

    Args:
        results: entries of the JSON file: ``loss`` (its config), ``learning_rate``, and the fields of
            :class:`mmgb.recipes.explosion.Ending`.
    """
    rates = sorted({result['learning_rate'] for result in results})
    rows = []
    ordered = sorted(results, key=_setting)
    for (name, alpha, bound), members in itertools.groupby(ordered, key=_setting):
        by_rate = {rate: [] for rate in rates}
        for result in members:
            by_rate[result['learning_rate']].append(result)
        settings = [name, f'{alpha:g}' if alpha else '', f'{bound:g}' if bound else '']
        rows.append(settings + [endings(found) for found in by_rate.values()])
    return table(['loss', 'alpha', 'max_delta', *(f'{rate:g}' for rate in rates)], rows)


def endings(results: Sequence[dict]) -> str:
    """Return the verdicts in words with the number of trainings, and the iterations at which the stopped ones stop."""
    parts = []
    for verdict in ('falls', 'level', 'rises', 'stops'):
        found = [result['iterations'] for result in results if result['verdict'] == verdict]
        if found:
            at = f' at {min(found)}' + (f'–{max(found)}' if max(found) > min(found) else '')
            parts.append(f'{len(found)} {verdict}{at if verdict == "stops" else ""}')
    return ', '.join(parts) or ('refused' if results else '')


def _setting(result: dict) -> tuple[str, float, float]:
    loss = result['loss']
    name = loss['type'].rpartition('.')[2]
    details = [loss['activation']] if 'activation' in loss else ['matched'] if loss.get('matched') else []
    return ', '.join([name, *details]), loss.get('alpha', 0.0), loss.get('max_delta') or 0.0

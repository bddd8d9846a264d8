"""Markdown table of the checked recipes of ``tools/check_recipe.py``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmgb.utils.markdown import table

HEADER = (
    'config',
    'images',
    'steps of batch',
    'loss: first, last',
    'gradient norm: median, max',
    'update / weights: median, max',
    's a step',
    'peak memory, GB',
    'verdict',
)


def recipe_table(recipes: Mapping[str, dict]) -> str:
    """Return one row per config.

    Args:
        recipes: path of a config to its entry, see :mod:`mmgb.recipes.report_file`.
    """
    return table(HEADER, [recipe_row(config, entry) for config, entry in recipes.items()])


def recipe_row(config: str, entry: Mapping) -> list[str]:
    """Return the cells of a config's row."""
    batch = f'{entry["batch"]}'
    if entry['batch'] != entry['config_batch']:
        batch += f' (of {entry["config_batch"]})'
    if entry['micro_batch'] != entry['batch']:
        batch += f' in parts of {entry["micro_batch"]}'
    gradient, ratio, peak = entry['gradient_norm'], entry['update_ratio'], entry['peak_bytes']
    return [
        f'`{Path(config).stem}`',
        entry['data'] + (', random weights' if entry['missing_weights'] else ''),
        f'{entry["steps"]} of {batch}',
        f'{float(entry["first_loss"]):.4g}, {float(entry["last_loss"]):.4g}',
        f'{float(gradient["median"]):.3g}, {float(gradient["max"]):.3g}',
        f'{float(ratio["median"]):.1e}, {float(ratio["max"]):.1e} ({ratio["max_layer"]})',
        f'{entry["seconds_per_step"]:.2g}',
        'unknown' if peak is None else f'{peak / 1e9:.1f}',
        verdict(entry),
    ]


def verdict(entry: Mapping) -> str:
    """Return the verdict in words: with the step and its loss if the training diverged."""
    if entry['verdict'] != 'diverges':
        return entry['verdict']
    return f'diverges at step {entry["steps"]}: {float(entry["losses"][-1]):g}'

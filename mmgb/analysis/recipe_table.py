"""Markdown table of the checked recipes of ``tools/check_recipe.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from mmgb.utils.markdown import table

HEADER = (
    'config',
    'images',
    'steps of batch',
    'loss: first, highest, last',
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


def recipe_report(recipes: Mapping[str, dict], configs: Collection[str]) -> str:
    """Return a table per family in the order of ``configs``, and the configs that were not run.

    Args:
        recipes: path of a config to its entry, see :mod:`mmgb.recipes.report_file`.
        configs: paths of all configs.
    """
    families: dict[str, dict[str, dict]] = {}
    for config in configs:
        if config in recipes:
            families.setdefault(Path(config).parent.as_posix(), {})[config] = recipes[config]
    verdicts = Counter(entry['verdict'] for entries in families.values() for entry in entries.values())
    counts = ', '.join(f'{verdicts[word]} {word}' for word in ('falls', 'level', 'rises', 'diverges'))
    parts = [f'{sum(verdicts.values())} of {len(configs)} configs: {counts}.\n']
    parts += [f'**{family}**\n\n{recipe_table(entries)}' for family, entries in families.items()]
    absent: dict[str, list[str]] = {}
    for config in configs:
        if config not in recipes:
            absent.setdefault(Path(config).parent.as_posix(), []).append(f'`{Path(config).stem}`')
    if absent:
        parts.append('Not run here:\n')
        parts.append(''.join(f'- {family}: {", ".join(names)}\n' for family, names in absent.items()))
    return '\n'.join(parts)


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
        images(entry),
        f'{entry["steps"]} of {batch}',
        ', '.join(f'{float(entry[f"{name}_loss"]):.4g}' for name in ('first', 'highest', 'last')),
        f'{float(gradient["median"]):.3g}, {float(gradient["max"]):.3g}',
        f'{float(ratio["median"]):.1e}, {float(ratio["max"]):.1e} ({ratio["max_layer"]})',
        f'{entry["seconds_per_step"]:.2g}',
        'unknown' if peak is None else f'{peak / 1e9:.1f}',
        verdict(entry),
    ]


def images(entry: Mapping) -> str:
    """Return what a config was trained on, and from which weights, in words."""
    side = entry['options']['image_size']
    parts = [entry['data'] if side is None else f'{entry["data"]}, {side} pixels']
    if entry['missing_weights']:
        parts.append('random instead of pretrained weights')
    if 'trained_as' in entry:
        parts.append(f'the training of `{Path(entry["trained_as"]).stem}`')
    return ', '.join(parts)


def verdict(entry: Mapping) -> str:
    """Return the verdict in words: with the step and its loss if the training diverged."""
    if entry['verdict'] != 'diverges':
        return entry['verdict']
    return f'diverges at step {entry["steps"]}: {float(entry["losses"][-1]):g}'

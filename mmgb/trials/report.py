"""Generate the tables that ``experiments.yml`` asks for, each between two comment lines of a Markdown file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mmgb.analysis.benchmark_tables import (
    gradient_stats_table,
    hypercolumn_table,
    loss_table,
    relay_table,
    sampler_table,
    segmentation_loss_table,
    stock_swaps_table,
)
from mmgb.analysis.compiled_kernel.tables import resources_table, traffic_table
from mmgb.analysis.curvature.tables import summary_table
from mmgb.analysis.explosion_table import explosion_table
from mmgb.analysis.fault_summary import REPORTS, fault_summary
from mmgb.analysis.fault_tables import killed_runs_table, other_faults_table, workers_and_ranks_table
from mmgb.analysis.full_resolution_tables import (
    compared_trainings_table,
    largest_batch_table,
    loss_distance_table,
    quadrature_error_table,
)
from mmgb.analysis.gradients.tables import gradient_table, weight_gradient_table
from mmgb.analysis.hostile_inputs_table import hostile_inputs_table
from mmgb.analysis.predictions.comparison_table import comparison_table, rates_table
from mmgb.analysis.recipe_table import recipe_report
from mmgb.analysis.scaling_table import constants_table, measured_table, modelled_table
from mmgb.analysis.unlearning import unlearning_table
from mmgb.functional.errors import ConfigError
from mmgb.rate_finder.tables import measured_rates_table, suggested_rates_table
from mmgb.utils.markdown import replace_block, table
from mmgb.utils.work_dir import Evaluation

from .claims import Claim, claims_table, read_claim
from .commands import RESULTS
from .conduct import describe_stopping
from .difference_table import difference_table
from .entries import TableBlock
from .gain_table import gain_table
from .headline_table import headline_table
from .manifest import Manifest
from .penalty_table import penalty_table
from .provenance import provenance_table
from .sources import name_settings
from .tables import grid_table, trials_table
from .trial import Setting


def update_tables(manifest: Manifest, root: Path, check: bool = False) -> list[str]:
    """Replace each generated block whose numbers have changed.

    Args:
        manifest: the tables and the experiments they show.
        root (Path): the repository's root.
        check (bool): change no file.

    Returns:
        ``'FILE (BLOCK)'`` of each stale block.
    """
    stale = []
    for block in manifest.tables.values():
        path = root / block.file
        text = path.read_text(encoding='utf-8')
        updated = replace_block(text, block.name, make_table(manifest, block, root / RESULTS))
        if updated != text:
            stale.append(f'{block.file} ({block.name})')
            if not check:
                path.write_text(updated, encoding='utf-8')
    return stale


def make_table(manifest: Manifest, block: TableBlock, results: Path) -> str:
    """Return a block's Markdown.

    Args:
        manifest: the experiments and claims.
        block: the block's description.
        results (Path): folder of the measured numbers.

    Raises:
        ConfigError: if the block's kind is unknown.
    """
    if block.kind in OF_TRIALS:
        make = OF_TRIALS[block.kind]
        settings = {}
        for name in block.rows or {block.name: ''}:
            settings.update(read_trials(manifest, name, results))
        return make(settings, varied=block.varied) if block.varied else make(settings)
    if block.kind in OF_NUMBERS:
        return OF_NUMBERS[block.kind](json.loads((results / block.numbers).read_text(encoding='utf-8')))
    if block.kind in OF_MANIFEST:
        return OF_MANIFEST[block.kind](manifest, block, results)
    kinds = ', '.join((*OF_TRIALS, *OF_NUMBERS, *OF_MANIFEST))
    raise ConfigError(f"table {block.name}: kind='{block.kind}': expected one of {kinds}")


def read_trials(manifest: Manifest, experiment: str, results: Path) -> dict[str, Setting]:
    """Return the settings of an experiment's trials by their rows' labels.

    Raises:
        ConfigError: if there is no such experiment, or one of its files of trials is missing.
    """
    if experiment not in manifest.experiments:
        raise ConfigError(f"table rows='{experiment}': expected one of {', '.join(manifest.experiments)}")
    runs = manifest.experiments[experiment].runs
    return name_settings({run.label: str(results / f'{run.result}.json') for run in runs})


def read_claims(manifest: Manifest, results: Path) -> list[Claim]:
    """Return the claims with what was measured for them."""
    makers, runs = manifest.makers(), manifest.runs()
    claims = []
    for entry in manifest.claims:
        names = dict.fromkeys((makers[entry.first], makers[entry.second]))
        command = f'python tools/experiments.py run {" ".join(names)}'
        claims.append(read_claim(entry, results, (runs[entry.first], runs[entry.second]), command))
    return claims


def _claims(manifest: Manifest, block: TableBlock, results: Path) -> str:
    return claims_table([claim for claim in read_claims(manifest, results) if claim.table is None])


def _headlines(manifest: Manifest, block: TableBlock, results: Path) -> str:
    return headline_table([claim for claim in read_claims(manifest, results) if claim.headline])


def _differences(manifest: Manifest, block: TableBlock, results: Path) -> str:
    claims = [claim for claim in read_claims(manifest, results) if claim.table == block.name]
    return difference_table(claims, block.columns)


def _gains(manifest: Manifest, block: TableBlock, results: Path) -> str:
    data_sets = {}
    for experiment, label in block.rows.items():
        settings = read_trials(manifest, experiment, results)
        losses = {column: settings[column] for column in block.columns}
        runs = {run.label: run for run in manifest.experiments[experiment].runs}
        note = describe_stopping([runs[loss] for loss in losses], [len(one.trials) for one in losses.values()])
        data_sets[f'{label} ({note})' if note else label] = losses
    return gain_table(data_sets)


def _provenance(manifest: Manifest, block: TableBlock, results: Path) -> str:
    files = {
        str(path.relative_to(results)): json.loads(path.read_text(encoding='utf-8'))
        for path in sorted(results.glob('*/*.json'))
    }
    return provenance_table({name: content for name, content in files.items() if 'settings' in content})


def _recipes(manifest: Manifest, block: TableBlock, results: Path) -> str:
    content = json.loads((results / block.numbers).read_text(encoding='utf-8'))
    root = results.parents[1]
    leaves = [path.relative_to(root) for path in sorted((root / 'configs').rglob('*.py')) if '_base_' not in path.parts]
    return recipe_report(content['recipes'], [path.as_posix() for path in leaves])


def _of_grids(make: Callable[[dict, Path], str], manifest: Manifest, block: TableBlock, results: Path) -> str:
    return make(json.loads((results / block.numbers).read_text(encoding='utf-8')), results)


def _faults(manifest: Manifest, block: TableBlock, results: Path) -> str:
    paths = {name: results / name for name in REPORTS if (results / name).exists()}
    return fault_summary({name: json.loads(path.read_text(encoding='utf-8')) for name, path in paths.items()})


def _comparison(numbers: dict) -> str:
    return comparison_table({run: Evaluation(found['metrics'], found['class_iou']) for run, found in numbers.items()})


def _statements(numbers: dict) -> str:
    return table(
        ['Section 4 states', 'as mathematics', 'why'],
        [[found[key].replace('|', r'\|') for key in ('claim', 'verdict', 'reason')] for found in numbers['statements']],
    )


def _each_case(make: Callable[[dict], str], numbers: dict) -> str:
    return '\n'.join(make(case) for case in numbers['results'])


OF_TRIALS: Mapping[str, Callable[..., str]] = {'trials': trials_table, 'grid': grid_table}
OF_NUMBERS: Mapping[str, Callable[[dict], str]] = {
    'comparison': _comparison,
    'best metrics': rates_table,
    'gradients': gradient_table,
    'weight gradients': weight_gradient_table,
    'statements': _statements,
    'curvature': lambda numbers: summary_table(numbers['networks']),
    'loss benchmark': partial(_each_case, loss_table),
    'relay benchmark': partial(_each_case, relay_table),
    'sampler benchmark': partial(_each_case, sampler_table),
    'gradient statistics benchmark': gradient_stats_table,
    'unlearning': unlearning_table,
    'normaliser penalty': penalty_table,
    'segmentation loss benchmark': segmentation_loss_table,
    'hypercolumn benchmark': hypercolumn_table,
    'compared trainings': compared_trainings_table,
    'distance of losses': loss_distance_table,
    'quadrature error': quadrature_error_table,
    'largest batch': largest_batch_table,
    'stock swaps': stock_swaps_table,
    'killed runs': killed_runs_table,
    'workers and ranks': workers_and_ranks_table,
    'other faults': other_faults_table,
    'kernel resources': resources_table,
    'kernel traffic': traffic_table,
    'explosions': lambda report: explosion_table(report['results']),
    'hostile inputs': hostile_inputs_table,
    'measured scaling': measured_table,
    'scaling constants': constants_table,
    'modelled scaling': modelled_table,
}
OF_MANIFEST: Mapping[str, Callable[[Manifest, TableBlock, Path], str]] = {
    'claims': _claims,
    'headlines': _headlines,
    'differences': _differences,
    'gains': _gains,
    'provenance': _provenance,
    'recipes': _recipes,
    'rate finder': partial(_of_grids, suggested_rates_table),
    'measured rates': partial(_of_grids, measured_rates_table),
    'faults': _faults,
}

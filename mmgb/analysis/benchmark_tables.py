"""Markdown tables of the JSON results of ``tools/benchmarks``."""

import math
from collections.abc import Sequence
from pathlib import Path

from mmgb.utils.markdown import table

SPIKE = 2.0  # times the loss of the first step


def loss_table(case: dict) -> str:
    """Return the table of one case of ``loss.py``: time and memory of the losses for scores of one shape."""
    contenders = case['contenders']
    base, bound = (contenders[name]['median_ms'] for name in ('F.cross_entropy', 'memory bound'))
    rows = []
    for name, cost in contenders.items():
        if cost is None:
            rows.append([name, 'does not run here', '', '', ''])
        else:
            ms = cost['median_ms']
            rows.append([name, f'{ms:.3g}', f'{ms / base:.2f}', f'{ms / bound:.1f}', f'{cost["extra_memory"]:.2f}'])
    title = f'{case["device"]}, {tuple(case["shape"])}, {case["dtype"]}'
    return table([title, 'ms', '/ cross-entropy', '/ memory bound', 'extra memory / scores'], rows)


def relay_table(case: dict) -> str:
    """Return the table of one case of ``relay.py``: time and memory of the propagation methods in one network."""
    contenders = case['contenders']
    base = contenders['multi-loss']
    rows = [
        [
            name,
            f'{cost["median_ms"]:.0f}',
            f'{cost["median_ms"] / base["median_ms"]:.3f}',
            f'{cost["peak_bytes"] / 1e6:.0f}',
            f'{cost["peak_bytes"] / base["peak_bytes"]:.3f}',
        ]
        for name, cost in contenders.items()
    ]
    bound = base['median_ms'] + case['bound']['median_ms']
    rows.append(
        ['multi-loss + one input gradient of the overlap', f'{bound:.0f}', f'{bound / base["median_ms"]:.3f}', '', '']
    )
    title = f'{case["device"]}, {case["network"]}, {case["images"]} images of {case["size"]}x{case["size"]}'
    return table([title, 'ms', '/ multi-loss', 'peak memory, MB', '/ multi-loss'], rows)


def sampler_table(case: dict) -> str:
    """Return the table of one case of ``sampler.py``: time and memory of the samplers for one number of images."""
    contenders = case['contenders']
    yardstick = contenders["mmdetection's algorithm"]['epoch_s']
    rows = []
    for name, cost in contenders.items():
        memory = 'not measured' if cost['memory_mb'] is None else f'{cost["memory_mb"]:.0f}'
        rows.append(
            [
                name,
                f'{cost["start_up_s"]:.3f}',
                f'{cost["first_batch_s"]:.3f}',
                f'{cost["epoch_s"]:.3f}',
                f'{yardstick / cost["epoch_s"]:.1f}',
                memory,
            ]
        )
    return table(
        [
            f'{case["images"]:,} images, {case["classes"]} classes',
            'start-up, s',
            'first batch, s',
            "epoch's order, s",
            "times as fast as mmdetection's",
            'memory, MB',
        ],
        rows,
    )


def gradient_stats_table(results: dict) -> str:
    """Return the table of ``gradient_stats.py``: cost of recording in each network."""
    rows = [
        [
            f'{case["network"]}, batches of {case["batch"]}',
            f'{case["between"]["median_ms"]:.1f}',
            f'{case["recorded"]["median_ms"]:.1f}',
            f'{100 * case["share_at_default_interval"]:.2f}',
        ]
        for case in results['results']
    ]
    return table(['', 'iteration, ms', 'recorded one, ms', f'% of the time at interval {results["interval"]}'], rows)


def segmentation_loss_table(results: dict) -> str:
    """Return the tables of ``segmentation_loss.py``: time and memory of losses and training steps, one table a case."""
    tables = []
    for case in results['results']:
        contenders = case['contenders']
        base = contenders['resize + cross-entropy']
        rows = [
            [
                name,
                f'{cost["median_ms"]:.0f}',
                f'{base["median_ms"] / cost["median_ms"]:.1f}',
                f'{cost["peak_bytes"] / 1e6:.0f}',
                f'{base["peak_bytes"] / cost["peak_bytes"]:.1f}',
            ]
            for name, cost in contenders.items()
            if cost is not None
        ]
        tables.append(table([case['title'], 'ms', 'times as fast', 'peak memory, MB', 'times less memory'], rows))
    return '\n'.join(tables)


def hypercolumn_table(results: dict) -> str:
    """Return the table of ``hypercolumn.py``: time and memory of PixelNet's head by the two orders of computation."""
    rows = []
    for case in results['results']:
        literal, factorised = (case['contenders'][name] for name in ('literal', 'factorised'))
        rows.append(
            [
                case['title'],
                *(f'{cost["median_ms"]:.0f}' for cost in (literal, factorised)),
                f'{literal["median_ms"] / factorised["median_ms"]:.1f}',
                *(f'{cost["peak_bytes"] / 1e6:.0f}' for cost in (literal, factorised)),
                f'{literal["peak_bytes"] / factorised["peak_bytes"]:.1f}',
            ]
        )
    header = ['', 'literal, ms', 'factorised, ms', 'times as fast', 'literal, MB', 'factorised, MB', 'times less']
    return table(header, rows)


def stock_swaps_table(results: dict) -> str:
    """Return the table of ``stock_swaps.py``: highest and last loss over the first, per config, batch size and loss."""
    methods = list(results['results'][0]['losses'])
    rows = []
    for case in results['results']:
        host, name = case['config'].split('/')[0], Path(case['config']).stem
        losses = [spike_cell(case['losses'].get(method, 'not run')) for method in methods]
        rows.append([f'{host}: `{name}`', case['optimizer'], f'{case["steps"]} of {case["images"]}', *losses])
    return table(['config', 'optimizer, learning rate', 'steps of batch', *methods], rows)


def spike_cell(losses: Sequence[float | str] | str) -> str:
    """Return the highest and the last loss over the first, and a mark if the highest is a spike.

    Args:
        losses: loss of each step, where NaN and infinities are texts; or the error that ended the training.
    """
    if isinstance(losses, str):
        return losses
    numbers = [float(loss) for loss in losses]
    first, last = numbers[0], numbers[-1]
    if not all(map(math.isfinite, numbers)):
        return f'**not finite at step {len(numbers)}**'
    cell = f'{max(numbers) / first:.3g}, {last / first:.2g}'
    return f'**{cell}**' if max(numbers) > SPIKE * first else cell

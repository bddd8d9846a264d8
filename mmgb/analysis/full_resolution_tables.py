"""Markdown tables of the reports on losses at full resolution: trainings, the error of exp-GB, the largest batches."""

from __future__ import annotations

from collections.abc import Sequence

from mmgb.utils.markdown import table

LAST_ITERATIONS = (1, 4, 7, 10, 15, 30, 100, 300)


def compared_trainings_table(report: dict) -> str:
    """Return the table of ``compare_full_resolution.py``: the results of its trainings by the stock test tool."""
    killed = report['killed']
    equal = 'equal' if killed['final_state_equal'] and killed['losses_equal'] else '**not** equal'
    interruption = f'killed after iteration {killed["killed_after"]}, resumed after {killed["resumed_after"]}: {equal}'
    rows = [
        [
            result['training'],
            str(len(result['losses'])),
            interruption if result['training'] == 'wrapped_killed' else '',
            f'{result["losses"][-1]:.3f}',
            *(f'{result["metrics"][key]:.2f}' for key in ('mIoU', 'aAcc')),
            f'{result["validation"]["mIoU"]:.2f}',
        ]
        for result in report['results']
        if 'metrics' in result
    ]
    header = [
        'training',
        'iterations',
        'interruption; losses, weights and optimizer against the uninterrupted one',
        'last loss',
    ]
    return table([*header, 'mIoU, %', 'pixel accuracy, %', "mIoU by the training's own validation, %"], rows)


def loss_distance_table(report: dict) -> str:
    """Return the largest relative difference of the losses of pairs of trainings, by iterations."""
    losses = {result['training']: result['losses'] for result in report['results']}
    pairs = {
        'with and without the wrapper, float32': ('plain', 'wrapped'),
        'without it, float32 and float64': ('plain_float64', 'plain'),
        'with and without it, float64': ('plain_float64', 'wrapped_float64'),
    }
    rows = [
        [
            f'first {last}' if last > 1 else 'first',
            *(_apart(losses[one], losses[two], last) for one, two in pairs.values()),
        ]
        for last in LAST_ITERATIONS
    ]
    return table(['iterations', *pairs], rows)


def _apart(plain: Sequence[float], wrapped: Sequence[float], last: int) -> str:
    if min(len(plain), len(wrapped)) < last:
        return ''
    distance = max(abs(two - one) / abs(one) for one, two in zip(plain[:last], wrapped[:last]))
    return f'{distance:.0e}' if distance else '0'


def quadrature_error_table(report: dict) -> str:
    """Return the table of ``quadrature_error.py``: the error of exp-GB's gradient for each loss and kind of scores."""
    rows = [
        [
            result['loss'],
            result['scores'],
            f'{result["relative_error"]:.1e}',
            f'{100 * result["of_bound"]:.2g} %',
            'all, in strips' if result['at_pixels'] == 1 else f'{100 * result["at_pixels"]:.2g} %',
        ]
        for result in report['results']
    ]
    title = f'scores {tuple(report["shape"])} enlarged to {" x ".join(map(str, report["size"]))}'
    header = ['loss', title, 'error of the gradient, relative norm', 'largest error, share of the bound']
    return table([*header, 'outputs evaluated at their pixels'], rows)


def largest_batch_table(report: dict) -> str:
    """Return the table of ``largest_batch.py``: the peak memory of each batch that was run."""
    limit = report['limit']
    rows = []
    for result in report['results']:
        runs = result['runs']
        largest = max((run['images'] for run in runs if run['peak_bytes'] <= limit), default=0)
        peaks = ', '.join(f'{run["images"]}: {run["peak_bytes"] / 2**30:.2f}' for run in runs)
        rows.append([result['contender'], str(largest), peaks])
    title = f'{report["network"]}, {report["classes"]} classes, {report["size"]} x {report["size"]} pixels'
    return table([title, f'largest batch in {limit / 2**30:g} GiB', 'images: peak of the process, GiB'], rows)

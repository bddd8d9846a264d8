"""Markdown tables of ``tools/benchmarks/compiled_kernels.py``."""

from __future__ import annotations

from mmgb.utils.markdown import table


def resources_table(report: dict) -> str:
    """Return the largest resources of the compiled kernels by compute capability, kind of target and result."""
    rows = [
        [
            f'sm_{found["capability"]}, {found["target"]}, {found["result"]}',
            str(found['compilations']),
            str(found['registers']),
            str(found['spilled']),
            f'{found["shared"] / 1024:.1f}',
            f'{found["double_operations"]:.0f}',
        ]
        for found in report['results']
    ]
    count = (
        f'{report["compilations"]} of {report["of"]} combinations compiled, {len(report["exceeded"])} over the limits'
    )
    header = ['compiled', 'registers', 'spilled bytes', 'shared memory, KiB', 'float64 operations per score']
    return f'{count}.\n\n' + table(['largest of', *header], rows)


def traffic_table(report: dict) -> str:
    """Return the bytes per score of a forward and a backward pass, and those of the scores and gradients alone."""
    rows = []
    for found in report['traffic']:
        size = 4 if found['scores'] == 'float32' else 2
        parts = [found[each][kind] for each in ('forward', 'backward') for kind in ('read', 'written')]
        title = f'{found["layout"]} {tuple(found["shape"])}, {found["scores"]}, {found["target"]}'
        rows.append([title, *(f'{part:.2f}' for part in parts), f'{sum(parts):.2f}', str(3 * size)])
    passes = ['forward: read', 'written', 'backward: read', 'written']
    return table(['bytes per score', *passes, 'together', 'scores twice and gradients once'], rows)

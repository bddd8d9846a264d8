"""Limits of the compiled kernels' resources, and their maxima by GPU."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

# 168 registers let three programs of 128 threads run on a multiprocessor, with its 65,536 registers.
LIMITS = {'registers': 168, 'spilled': 32, 'shared': 16 * 1024}


def exceeded_limits(rows: Iterable[dict]) -> list[str]:
    """Return a sentence for each compilation that takes more than ``LIMITS``.

    Args:
        rows: ``case`` and ``capability`` of each compilation, with the fields of
            :class:`mmgb.analysis.compiled_kernel.compilation.Compiled`.
    """
    return [
        f'{name}={row[name]}: expected at most {limit} on compute capability {row["capability"]} for {row["case"]}'
        for row in rows
        for name, limit in LIMITS.items()
        if row[name] > limit
    ]


def summarise(rows: Iterable[dict]) -> list[dict]:
    """Return count and maxima by compute capability, kind of target and result."""

    def group(row: dict) -> tuple[int, bool, str]:
        return row['capability'], row['case']['soft'], row['case']['result']

    return [
        dict(
            capability=capability,
            target='class scores' if soft else 'labels',
            result=result,
            compilations=len(found),
            **{name: max(row[name] for row in found) for name in (*LIMITS, 'double_operations')},
        )
        for (capability, soft, result), found in (
            (key, list(members)) for key, members in itertools.groupby(sorted(rows, key=group), key=group)
        )
    ]

"""Readers of mmengine's work directories: log records, learning curves and test results."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Evaluation(NamedTuple):
    """Result of ``tools/test.py``, in percent.

    Attributes:
        metrics (dict[str, float]): overall metrics, such as aAcc, mIoU and mAcc.
        class_iou (dict[str, float]): IoU by class name, in the order of the data set's classes.
    """

    metrics: dict[str, float]
    class_iou: dict[str, float]


def read_records(work_dir: str | Path, name: str) -> Iterator[dict]:
    """Yield the JSON object of each line of ``*/vis_data/NAME``, oldest log first.

    A run and each of its resumed parts have one log each.

    Args:
        work_dir (str | Path): work directory of a run.
        name (str): file name, such as ``'scalars.json'``.
    """
    for log in sorted(Path(work_dir).glob(f'*/vis_data/{name}')):
        for line in log.read_text(encoding='utf-8').splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # a killed run may leave half a line
                continue


def read_curve(work_dir: str | Path, metric: str) -> list[tuple[int, float]]:
    """Return ``(step, value)`` of each validation, ascending by step.

    A step is an epoch in epoch-based training, otherwise an iteration. If several logs of a resumed run have the same
    step, the latest value is returned. Records of the training, which share the file, are not validations, even if
    they have the metric. Values that are NaN or infinite are left out, so the curve may be empty.

    Args:
        work_dir (str | Path): work directory of ``tools/train.py``.
        metric (str): name of a validation metric, such as ``'mIoU'``.

    Raises:
        FileNotFoundError: if no validation in the folder has this metric.
    """
    records = [record for record in read_records(work_dir, 'scalars.json') if metric in record]
    # mmengine's LogProcessor adds 'iter' to each record of a training and to none of a validation.
    curve = {record['step']: record[metric] for record in records if 'iter' not in record}
    if not curve:
        found = ', which has it only in records of the training' if records else ''
        raise FileNotFoundError(f'{work_dir}: no validation with {metric} in its */vis_data/scalars.json{found}')
    return [(step, value) for step, value in sorted(curve.items()) if math.isfinite(value)]


def read_test(work_dir: str | Path) -> Evaluation:
    """Return the metrics of the latest test, and the IoU of each class where mmseg's ``IoUMetric`` logged it.

    Args:
        work_dir (str | Path): work directory of ``tools/test.py``.

    Raises:
        FileNotFoundError: if the folder has no finished test.
    """
    results = sorted(Path(work_dir).glob('*_*/*_*.json'))
    if not results:
        raise FileNotFoundError(f'{work_dir}: no finished test')
    metrics = json.loads(results[-1].read_text(encoding='utf-8'))
    log = results[-1].with_suffix('.log').read_text(encoding='utf-8')
    return Evaluation(
        {name: value for name, value in metrics.items() if not name.endswith('time')}, _last_class_table(log)
    )


def _last_class_table(log: str) -> dict[str, float]:
    """Return the IoU column of the last per-class table that mmseg printed into ``log``; empty if there is none."""
    start = log.rfind('per class results:')
    if start < 0:
        return {}
    lines = [line.strip() for line in log[start:].splitlines()]
    below = itertools.dropwhile(lambda line: not line.startswith(('+', '|')), lines)
    rows = [
        line[1:-1] for line in itertools.takewhile(lambda line: line.startswith(('+', '|')), below) if line[0] == '|'
    ]
    columns = [column.strip() for column in rows[0].split('|')] if rows else []
    if 'IoU' not in columns:
        return {}
    # A class name may contain the separator, a number does not.
    cells = [[cell.strip() for cell in row.rsplit('|', len(columns) - 1)] for row in rows[1:]]
    return {name: float(values[columns.index('IoU') - 1]) for name, *values in cells}

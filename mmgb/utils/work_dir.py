"""What mmengine writes into a work directory: learning curves and test results."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Evaluation(NamedTuple):
    """What ``tools/test.py`` found, in percent."""

    metrics: dict[str, float]  # aAcc, mIoU, mAcc, …
    class_iou: dict[str, float]  # of each class, in the data set's order


def read_curve(work_dir: Path, metric: str) -> list[tuple[int, float]]:
    """``(step, value)`` of each validation, by step: epochs in an epoch-based run, iterations in another.

    A resumed run leaves one log for each start; where two hold the same step the later one counts.

    Raises:
        FileNotFoundError: if there is no validation with this metric in the folder.
    """
    curve = {record['step']: record[metric] for record in read_records(work_dir, 'scalars.json') if metric in record}
    if not curve:
        raise FileNotFoundError(f'{work_dir}: no validation with {metric} in its */vis_data/scalars.json')
    return sorted(curve.items())


def read_records(work_dir: Path, name: str) -> Iterator[dict]:
    """Each line of the files of this name that a run and its resumed parts left in their ``vis_data``, in order."""
    for log in sorted(Path(work_dir).glob(f'*/vis_data/{name}')):
        for line in log.read_text().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # a killed run may leave half a line
                continue


def read_test(work_dir: Path) -> Evaluation:
    """The latest test's metrics, and the class-wise IoU that mmseg's ``IoUMetric`` prints into the log only.

    Raises:
        FileNotFoundError: if there is no finished test in the folder.
    """
    results = sorted(Path(work_dir).glob('*_*/*_*.json'))
    if not results:
        raise FileNotFoundError(f'{work_dir}: no finished test in it')
    metrics = json.loads(results[-1].read_text())
    log = results[-1].with_suffix('.log').read_text()
    return Evaluation(
        {name: value for name, value in metrics.items() if not name.endswith('time')}, _last_class_table(log)
    )


def _last_class_table(log: str) -> dict[str, float]:
    """The IoU column of the last table of classes in a log of mmseg; empty if there is none."""
    start = log.rfind('per class results:')
    if start < 0:
        return {}
    rows = re.findall(r'^\|\s*(.+?)\s*\|\s*([\d.]+|nan)\s*\|', log[start:], re.MULTILINE)
    return {name: float(iou) for name, iou in rows}

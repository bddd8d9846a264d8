"""Markdown tables that compare the test results of segmentation runs."""

from __future__ import annotations

from collections.abc import Mapping

from mmgb.functional.errors import ConfigError
from mmgb.utils.markdown import table
from mmgb.utils.work_dir import Evaluation


def comparison_table(results: Mapping[str, Evaluation]) -> str:
    """Return a table with one column per run: the overall metrics, then the IoU of each class, in percent.

    Args:
        results (Mapping[str, Evaluation]): name of the run to test result.

    Raises:
        ConfigError: if two runs were tested with different metrics or classes.
    """
    names = list(results)
    values = [
        {**result.metrics, **{f'IoU {name}': iou for name, iou in result.class_iou.items()}}
        for result in results.values()
    ]
    for name, found in zip(names, values):
        if list(found) != list(values[0]):
            raise ConfigError(f'{name}: expected the metrics and classes of {names[0]}, got {", ".join(found)}')
    return table(['%', *names], [[label, *(found[label] for found in values)] for label in values[0]])


def rates_table(results: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table with one row per loss: the metric at each learning rate, the best one in bold.

    Args:
        results (Mapping[str, Mapping[str, float]]): loss to learning rate to metric in percent. All losses have the
            same number of learning rates.
    """
    rows = []
    for name, found in results.items():
        best = max(found.values())
        cells = (f'**{value:.1f}**' if value == best else f'{value:.1f}' for value in found.values())
        rows.append([name, *(f'{rate}: {cell}' for rate, cell in zip(found, cells))])
    return table(['loss', *('rate: mIoU' for _ in rows[0][1:])], rows)

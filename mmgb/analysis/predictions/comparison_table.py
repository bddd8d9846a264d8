"""Markdown tables that compare test results."""

from collections.abc import Mapping

from mmgb.functional.errors import ConfigError
from mmgb.utils.markdown import table
from mmgb.utils.work_dir import Evaluation


def comparison_table(results: Mapping[str, Evaluation]) -> str:
    """Runs side by side: one column a run; the overall metrics first, then each class's IoU, in percent.

    Raises:
        ValueError: if two runs were tested on other classes or with other metrics.
    """
    names = list(results)
    values = [
        {**result.metrics, **{f'IoU {name}': iou for name, iou in result.class_iou.items()}}
        for result in results.values()
    ]
    for name, found in zip(names, values):
        if list(found) != list(values[0]):
            raise ConfigError(f'{name}: tested with other metrics or classes than {names[0]}: {list(found)}')
    return table(['%', *names], [[label, *(found[label] for found in values)] for label in values[0]])


def rates_table(results: Mapping[str, Mapping[str, float]]) -> str:
    """What each loss reached with each of its learning rates: one row a loss, the best in bold.

    Args:
        results: loss to {learning rate: metric in percent}, the same number of rates for each.
    """
    rows = []
    for name, found in results.items():
        best = max(found.values())
        rows.append(
            [
                name,
                *(
                    f'{rate}: **{value:.1f}**' if value == best else f'{rate}: {value:.1f}'
                    for rate, value in found.items()
                ),
            ]
        )
    return table(['loss', *('rate: mIoU' for _ in rows[0][1:])], rows)

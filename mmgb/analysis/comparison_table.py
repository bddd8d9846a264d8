"""A table of runs side by side, in Markdown."""
from collections.abc import Mapping

from .work_dir import Evaluation


def comparison_table(results: Mapping[str, Evaluation]) -> str:
    """One row a run: the overall metrics first, then each class's IoU, in percent.

    Raises:
        ValueError: if two runs were tested on other classes or with other metrics.
    """
    first = next(iter(results.values()))
    for name, result in results.items():
        if list(result.class_iou) != list(first.class_iou) or list(result.metrics) != list(first.metrics):
            raise ValueError(f"{name}: tested with other metrics or classes than {next(iter(results))}: "
                             f'{[*result.metrics, *result.class_iou]}')
    header = ['run', *first.metrics, *first.class_iou]
    lines = [header, ['---'] + ['---:'] * (len(header) - 1)]
    for name, result in results.items():
        values = [*result.metrics.values(), *result.class_iou.values()]
        lines.append([name, *(f'{value:.1f}' for value in values)])
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'

"""A table of runs side by side, in Markdown, and its place in a file."""
import re
from collections.abc import Mapping

from .work_dir import Evaluation


def comparison_table(results: Mapping[str, Evaluation]) -> str:
    """One column a run; the overall metrics first, then each class's IoU, in percent.

    Raises:
        ValueError: if two runs were tested on other classes or with other metrics.
    """
    names = list(results)
    rows = [list(_values(result)) for result in results.values()]
    for name, labels in zip(names, rows):
        if labels != rows[0]:
            raise ValueError(f'{name}: tested with other metrics or classes than {names[0]}: {labels}')
    lines = [['%', *names], ['---'] + ['---:'] * len(names)]
    for label in rows[0]:
        lines.append([label, *(f'{_values(result)[label]:.1f}' for result in results.values())])
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'


def replace_block(text: str, name: str, content: str) -> str:
    """``text`` with ``content`` between the lines ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: if the two lines aren't there once each, in this order.
    """
    pattern = re.compile(f'(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)', re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f'expected one block from <!-- {name} --> to <!-- /{name} -->')
    return pattern.sub(lambda match: match.group(1) + content + match.group(2), text)


def _values(result: Evaluation) -> dict[str, float]:
    return {**result.metrics, **{f'IoU {name}': iou for name, iou in result.class_iou.items()}}

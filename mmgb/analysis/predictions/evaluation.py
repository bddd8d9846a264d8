"""Evaluate stored test results by metrics of mmpretrain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line
from mmgb.utils.markdown import table

# Exceptions with which metrics of the hosts fail on samples or settings that they don't fit.
FAILURES = (
    AssertionError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)


def default_metrics(names: Sequence[str], num_classes: int) -> list[dict]:
    """Return the configs of metrics with their default settings; Accuracy is top-1 and, if possible, top-5.

    Args:
        names (Sequence[str]): registered names, such as ``'Accuracy'``.
        num_classes (int): number of classes of the results.
    """
    topk = tuple(k for k in (1, 5) if k <= num_classes)
    return [dict(type=name, topk=topk) if name == 'Accuracy' else dict(type=name) for name in names]


def check_metric_names(names: Sequence[str], option: str) -> None:
    """Check that mmpretrain has these metrics.

    Args:
        names (Sequence[str]): registered names.
        option (str): command-line option for the error message.

    Raises:
        ConfigError: naming the first unknown metric.
    """
    with METRICS.switch_scope_and_registry('mmpretrain') as registry:
        for name in names:
            if registry.get(name) is None:
                raise ConfigError(f"{option}='{name}': expected a metric of mmpretrain, such as Accuracy")


def evaluate(samples: Sequence[dict], metrics: Sequence[dict]) -> dict[str, object]:
    """Return the value of each metric on a list of data samples.

    Args:
        samples (Sequence[dict]): data samples with predictions and labels.
        metrics (Sequence[dict]): metric configs; the default scope must be set.

    Raises:
        ConfigError: if the metrics can't be built or fail on these samples.
    """
    try:
        evaluator = Evaluator(metrics)
        evaluator.process(samples)
        return evaluator.evaluate(len(samples))
    except FAILURES as error:
        raise ConfigError(
            f"the metrics {', '.join(str(metric['type']) for metric in metrics)} can't evaluate these results: "
            f'{one_line(error)}'
        ) from error


def metrics_table(results: Mapping[str, Mapping[str, object]]) -> str:
    """Return a Markdown table with one row per result and one column per metric of the last result.

    Args:
        results (Mapping[str, Mapping[str, object]]): name of the result to metric to value.
    """
    names = list(list(results.values())[-1])

    def show(value: object) -> str:
        return f'{value:.2f}' if isinstance(value, float) else str(value)

    return table(['', *names], [[result, *(show(found[name]) for name in names)] for result, found in results.items()])

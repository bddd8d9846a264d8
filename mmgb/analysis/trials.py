"""Several trials of one setting, each with its own seed."""
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .comparison_table import table
from .work_dir import read_curve


class Trials(NamedTuple):
    """The learning curves of one setting's trials: ``(step, value)`` of each validation."""
    metric: str
    curves: list[list[tuple[int, float]]]

    def last(self) -> list[float]:
        """Each trial's value at its end."""
        return [curve[-1][1] for curve in self.curves]


def read_trials(work_dirs: Sequence[Path], metric: str) -> Trials:
    """Raises:
        FileNotFoundError: if a folder has no validation with this metric.
        ValueError: if the trials end at different steps, as when one of them isn't finished.
    """
    curves = [read_curve(work_dir, metric) for work_dir in work_dirs]
    ends = {curve[-1][0]: work_dir for curve, work_dir in zip(curves, work_dirs)}
    if len(ends) > 1:
        raise ValueError('trials of different lengths: ' + ', '.join(
            f'{work_dir} ends at step {step}' for step, work_dir in sorted(ends.items())))
    return Trials(metric, curves)


def trials_table(settings: Mapping[str, Trials]) -> str:
    """One row a setting: how many trials, the mean of their last values, its standard error, and each of them."""
    rows = []
    for name, trials in settings.items():
        last = trials.last()
        error = statistics.stdev(last) / len(last) ** 0.5 if len(last) > 1 else float('nan')
        rows.append([name, trials.metric, str(len(last)), f'{statistics.mean(last):.1f} ± {error:.1f}',
                     ', '.join(f'{value:.1f}' for value in last)])
    return table(['', 'metric', 'trials', 'mean of the last values ± standard error', 'each'], rows)

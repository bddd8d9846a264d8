"""What ``GradientStatsHook`` has written into a work directory."""

from pathlib import Path
from typing import NamedTuple

from mmgb.utils.work_dir import read_records

PREFIX = 'grad_stats/'
HISTOGRAM_FILE = 'gradient_histograms.json'

Curve = list[tuple[int, float]]  # iteration and value


class DeltaHistogram(NamedTuple):
    """The output deltas of one loss in one iteration.

    Attributes:
        step: the iteration, from 1.
        epoch: from 1.
        batch: of the epoch, from 1; of the run, where it isn't counted in epochs.
        loss: its module path.
        edges: of the bins, ascending.
        counts: one fewer.
        not_finite: how many deltas were NaN or infinite.
    """

    step: int
    epoch: int
    batch: int
    loss: str
    edges: list[float]
    counts: list[int]
    not_finite: int


def read_gradient_stats(work_dir: Path) -> dict[str, dict[str, Curve]]:
    """Statistic (``'error_rms'``) to module path to its curve; modules in the order in which they run.

    A resumed run leaves one log for each start; where two hold the same iteration the later one counts.

    Raises:
        FileNotFoundError: if the hook has written nothing in the folder.
    """
    found: dict[str, dict[str, dict[int, float]]] = {}
    for record in read_records(work_dir, 'scalars.json'):
        for key, value in record.items():
            if key.startswith(PREFIX):
                statistic, _, path = key[len(PREFIX) :].partition('/')
                found.setdefault(statistic, {}).setdefault(path, {})[record['step']] = value
    if not found:
        raise FileNotFoundError(
            f'{work_dir}: nothing of GradientStatsHook in its */vis_data/scalars.json; train with '
            "custom_hooks=[dict(type='mmgb.GradientStatsHook')]"
        )
    order = list(found.get('activation_variance', {}))
    return {
        statistic: {
            path: sorted(curve.items())
            for path, curve in sorted(
                curves.items(), key=lambda entry: order.index(entry[0]) if entry[0] in order else len(order)
            )
        }
        for statistic, curves in found.items()
    }


def read_delta_histograms(work_dir: Path) -> list[DeltaHistogram]:
    """By iteration, then in the order of the losses; of a resumed run as :func:`read_gradient_stats`."""
    found = {
        (record['step'], record['loss']): DeltaHistogram(**record) for record in read_records(work_dir, HISTOGRAM_FILE)
    }
    return sorted(found.values(), key=lambda histogram: histogram.step)

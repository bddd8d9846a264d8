"""What ``GradientStatsHook`` has written into a work directory."""

from pathlib import Path

from mmgb.utils.gradient_records import HISTOGRAM_FILE, DeltaHistogram, parse_scalar_name
from mmgb.utils.work_dir import read_records

Curve = list[tuple[int, float]]  # iteration and value


def read_gradient_stats(work_dir: Path) -> dict[str, dict[str, Curve]]:
    """Statistic (``'error_rms'``) to module path to its curve; modules in the order in which they run.

    A resumed run leaves one log for each start; where two hold the same iteration the later one counts.

    Raises:
        FileNotFoundError: if the hook has written nothing in the folder.
    """
    found: dict[str, dict[str, dict[int, float]]] = {}
    for record in read_records(work_dir, 'scalars.json'):
        for key, value in record.items():
            name = parse_scalar_name(key)
            if name is not None:
                statistic, path = name
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

"""Reader of the statistics and histograms that ``GradientStatsHook`` wrote into a work directory."""

from __future__ import annotations

from pathlib import Path

from mmgb.utils.gradient_records import ACTIVATION_VARIANCE, HISTOGRAM_FILE, DeltaHistogram, parse_scalar_name
from mmgb.utils.work_dir import read_records

Curve = list[tuple[int, float]]  # iteration and value


def read_gradient_stats(work_dir: str | Path) -> dict[str, dict[str, Curve]]:
    """Return the recorded curves by statistic and module path.

    A resumed run has several logs. If two of them have the same iteration, the later log's value is returned.

    Args:
        work_dir (str | Path): work directory of ``tools/train.py``.

    Returns:
        dict[str, dict[str, Curve]]: statistic (such as ``'error_rms'``) to module path to curve, ascending by
        iteration. Modules are in the order of the forward pass.

    Raises:
        FileNotFoundError: if the folder has no records of the hook.
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
            f'{work_dir}: no records of GradientStatsHook in its */vis_data/scalars.json; train with '
            "custom_hooks=[dict(type='mmgb.GradientStatsHook')]"
        )
    # Activations are recorded in the order of the forward pass; weight gradients in that of the parameters.
    place = {path: index for index, path in enumerate(found.get(ACTIVATION_VARIANCE, {}))}

    def by_forward_pass(path: str) -> int:
        return place.get(path, len(place))

    return {
        statistic: {path: sorted(curves[path].items()) for path in sorted(curves, key=by_forward_pass)}
        for statistic, curves in found.items()
    }


def read_delta_histograms(work_dir: str | Path) -> list[DeltaHistogram]:
    """Return the recorded histograms of output deltas, ascending by iteration, then in the order of the losses.

    If two logs of a resumed run have the same iteration, the later log's histogram is returned. The list is empty if
    the hook recorded none.
    """
    found = {
        (record['step'], record['loss']): DeltaHistogram(**record) for record in read_records(work_dir, HISTOGRAM_FILE)
    }
    return sorted(found.values(), key=lambda histogram: histogram.step)

"""Figure of the learning curves of several settings."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .statistics import error_quartiles
from .tables import check_comparable
from .trial import Setting


def learning_curves_figure(settings: Mapping[str, Setting]) -> Figure:
    """Draw the median error of each setting's trials at each validation, with a band between the quartiles.

    Args:
        settings: name to setting.

    Raises:
        ConfigError: if two settings differ in their metric or in the unit of their steps.
    """
    metric, step = check_comparable(settings)
    figure = Figure(figsize=(7, 4.5), dpi=110, layout='constrained')
    axes = figure.add_subplot()
    for name, setting in settings.items():
        steps, (lower, median, upper) = error_quartiles(setting)
        (line,) = axes.plot(steps, median, marker='o', markersize=3, label=f'{name} (n = {len(setting.trials)})')
        axes.fill_between(steps, lower, upper, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set(xlabel=step, ylabel=f'100 − {metric} (%)', title='Validation error: median and quartiles of the trials')
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure

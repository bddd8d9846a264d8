"""What other losses gain over the first one, data set by data set."""
import math
from collections.abc import Mapping

from .claims import CLEAR
from .comparison_table import table
from .trial_statistics import Estimate, difference_of_means, estimate_mean, finished, minimum_errors
from .trials import Setting


def gain_table(data_sets: Mapping[str, Mapping[str, Setting]]) -> str:
    """Markdown with one row a data set: the first loss's minimum error, and the others' minus it, in percent.

    Means with their standard errors; in bold what is clearly lower, by the claims' rule.

    Args:
        data_sets: name to {loss: its trials}; the same losses, in the same order, for each.
    """
    first, *others = next(iter(data_sets.values()))
    rows = []
    for name, losses in data_sets.items():
        errors = {loss: minimum_errors(finished(setting)) for loss, setting in losses.items()}
        rows.append([name, estimate_mean(errors[first]).show(),
                     *(_show(difference_of_means(errors[first], errors[loss])) for loss in others)])
    return table(['', f'{first}: minimum error, %', *(f'{loss} minus {first}' for loss in others)], rows)


def _show(gain: Estimate) -> str:
    if math.isnan(gain.mean):
        return 'diverged in every trial'
    text = gain.show('+')
    return f'**{text}**' if gain.mean < -CLEAR * gain.standard_error else text

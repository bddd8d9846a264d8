"""Table of the gains of losses over a first one, by data set."""

import math
from collections.abc import Mapping

from mmgb.utils.markdown import table

from .statistics import compare, count_failures, estimate_mean, finished, kind_of_failures, minimum_errors
from .trial import Setting


def gain_table(data_sets: Mapping[str, Mapping[str, Setting]]) -> str:
    """Return a table with one row per data set: the first loss's minimum error, and the others' minus it, in percent.

    Cells show means with standard errors over the trials that did not fail, and the number that did. A clearly lower
    error, by :func:`~mmgb.trials.welch_test.welch_test`, is bold.

    Args:
        data_sets: name to {loss: setting}, with the same losses in the same order for each.
    """
    first, *others = next(iter(data_sets.values()))
    rows = [
        [name, _show_error(losses[first]), *(_show_gain(losses[first], losses[loss]) for loss in others)]
        for name, losses in data_sets.items()
    ]
    return table(['', f'{first}: minimum error, %', *(f'{loss} minus {first}' for loss in others)], rows)


def _show_error(setting: Setting) -> str:
    return ', '.join([estimate_mean(minimum_errors(finished(setting))).show(), *count_failures(setting)])


def _show_gain(first: Setting, other: Setting) -> str:
    gain, welch, _ = compare(first, other)
    if math.isnan(gain.mean):
        return f'{kind_of_failures(first, other)} in every trial'
    text = gain.show('+')
    clear = gain.mean < -welch.margin
    return ', '.join([f'**{text}**' if clear else text, *count_failures(other)])

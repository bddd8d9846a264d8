"""The mean of several classifiers' scores."""

from collections.abc import Sequence

import numpy as np

from mmgb.functional.errors import ConfigError

MEANS = ('arithmetic', 'geometric')


def mean_scores(scores: Sequence[np.ndarray], mean: str = 'arithmetic') -> np.ndarray:
    """The mean of several networks' scores, each (N, C): (N, C) float32.

    Of the five entries with which the Relay paper's authors took part in the Places2 challenge of 2015, "fusion with
    product strategy", which orders the classes as the geometric mean does, had 16.87 % error and the one with the
    "average strategy" 16.89 % (places2.csail.mit.edu/results2015.html).

    Args:
        scores: probabilities; for the arithmetic mean any numbers.
        mean: 'arithmetic' or 'geometric'. A class to which one network gives 0 is 0 in the geometric mean.

    Raises:
        ValueError: for another ``mean``, or negative scores in a geometric one.
    """
    if mean not in MEANS:
        raise ConfigError(f"mean={mean!r}: expected 'arithmetic' or 'geometric'")
    stacked = np.stack(scores).astype(np.float64)
    if mean == 'arithmetic':
        return stacked.mean(0).astype(np.float32)
    if stacked.min() < 0:
        raise ConfigError(f"mean='geometric': a score is {stacked.min():g}; expected none below 0")
    with np.errstate(divide='ignore'):
        return np.exp(np.log(stacked).mean(0)).astype(np.float32)

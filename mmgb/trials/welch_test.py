"""Welch's t-test of two small samples."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

from scipy.stats import ttest_ind

LEVEL = 0.05  # of the test: chance of a clear difference between samples of one distribution


class WelchTest(NamedTuple):
    """Result of Welch's t-test; all values are NaN if a sample has fewer than two values.

    Attributes:
        p: two-sided p-value.
        degrees_of_freedom: of the t-distribution, by Welch and Satterthwaite: not an integer, and at most n + m - 2.
        margin: half the width of the difference's confidence interval. A difference of means is clear at :data:`LEVEL`
            if it is larger; a smaller one is not visible.
    """

    p: float
    degrees_of_freedom: float
    margin: float


def welch_test(first: Sequence[float], second: Sequence[float]) -> WelchTest:
    r"""Test the hypothesis that two samples have the same mean; their variances may differ.

    With the standard errors :math:`s_1, s_2` of the means of n and m values, the difference divided by
    :math:`\sqrt{s_1^2 + s_2^2}` has nearly a t-distribution with :math:`(s_1^2 + s_2^2)^2 / (s_1^4 / (n - 1) + s_2^4 /
    (m - 1))` degrees of freedom. For three values each it has to exceed 2.8 to 4.3, not 2.

    Source: Welch, "The Generalization of 'Student's' Problem when Several Different Population Variances are Involved",
    1947; computed by SciPy.

    Args:
        first, second: the samples.
    """
    if min(len(first), len(second)) < 2:
        return WelchTest(float('nan'), float('nan'), float('nan'))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # samples of equal values, whose standard error is 0
        found = ttest_ind(second, first, equal_var=False)
        low, high = found.confidence_interval(1 - LEVEL)
    return WelchTest(float(found.pvalue), float(found.df), float(high - low) / 2)

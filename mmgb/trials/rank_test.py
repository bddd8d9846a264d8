"""Mann-Whitney test of two small samples."""

from collections import Counter
from collections.abc import Sequence


def mann_whitney_p(first: Sequence[float], second: Sequence[float]) -> float:
    r"""Return the exact two-sided p-value of the Mann-Whitney U test (Wilcoxon's rank-sum test).

    Under the null hypothesis the values are exchangeable: every choice of :math:`n = \lvert first \rvert` of the
    :math:`N` values is equally likely to be the first sample. The p-value is the share of all :math:`\binom{N}{n}`
    choices whose sum of ranks is at least as far from its mean, :math:`n (N + 1) / 2`, as the sum of ``first``. Equal
    values share the mean of their ranks; the p-value is exact for them, too.

    Source: Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the
    Other", 1947.

    Args:
        first, second: the samples, at least one value each. The time grows with the cube of their number.

    Returns:
        float: p-value in (0, 1], at least :math:`2 / \binom{n + m}{n}` for samples of n and m values.
    """
    values = sorted([*first, *second])
    # Twice the ranks, which are integers even where values are equal.
    doubled_rank = {value: 2 * values.index(value) + values.count(value) + 1 for value in values}
    choices = [Counter({0: 1})] + [Counter() for _ in first]  # [size][sum]: number of choices
    for value in values:
        for size in range(len(first), 0, -1):
            for total, ways in choices[size - 1].items():
                choices[size][total + doubled_rank[value]] += ways
    mean = len(first) * (len(values) + 1)
    distance = abs(sum(doubled_rank[value] for value in first) - mean)
    far = sum(ways for total, ways in choices[-1].items() if abs(total - mean) >= distance)
    return far / sum(choices[-1].values())

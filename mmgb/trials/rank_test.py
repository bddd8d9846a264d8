"""Whether one of two small samples tends to larger values."""

from collections import Counter
from collections.abc import Sequence


def mann_whitney_p(first: Sequence[float], second: Sequence[float]) -> float:
    r"""The exact two-sided p-value of the Mann-Whitney U test (Wilcoxon's rank-sum test).

    The null hypothesis is that the values are exchangeable: that each choice of :math:`n = \lvert first \rvert` of the
    :math:`N` values is as likely as the one at hand. The p-value is the share of all :math:`\binom{N}{n}` choices
    whose sum of ranks lies at least as far from its mean, :math:`n (N + 1) / 2`, as that of ``first``. Equal values
    have the mean of their ranks, and the p-value is exact with them too.

    Source: Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the
    Other", 1947.

    Args:
        first, second: at least one value each; the time grows with the cube of their number.

    Returns:
        in (0, 1]. Of samples with n and m values it is at least :math:`2 / \binom{n + m}{n}`.
    """
    values = sorted([*first, *second])
    # Twice the ranks from 1 on, which are whole numbers with equal values too.
    doubled_rank = {value: 2 * values.index(value) + values.count(value) + 1 for value in values}
    choices = [Counter({0: 1})] + [Counter() for _ in first]  # [size][sum]: in how many ways
    for value in values:
        for size in range(len(first), 0, -1):
            for total, ways in choices[size - 1].items():
                choices[size][total + doubled_rank[value]] += ways
    mean = len(first) * (len(values) + 1)
    distance = abs(sum(doubled_rank[value] for value in first) - mean)
    far = sum(ways for total, ways in choices[-1].items() if abs(total - mean) >= distance)
    return far / sum(choices[-1].values())

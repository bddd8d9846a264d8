r"""Statistics of activations and gradients, from float64 sums that can be added over calls and processes.

The first functions reduce a tensor to a few sums on its device, or on the CPU if the device has no float64. The last
ones (:func:`rms`, :func:`variance`, :func:`share`) turn sums into a statistic, so the statistic of a batch that is
distributed over several processes is computed from the total of their sums.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .double_precision import to_float64, with_float64

HISTOGRAM_BINS = 200
CHUNK = 2**22  # values per histogram step, to limit the memory
SATURATION_MARGIN = 0.01  # fraction of the range of the activation


def moments(values: Tensor) -> Tensor:
    """Return ``[count, sum, sum of squares]`` of a tensor of any shape, shape (3,).

    The sum of squares is computed as ``count * (variance + mean**2)``, so that :func:`variance` loses no digits.
    """
    values = values.detach()
    if values.dtype != torch.float64:
        values = values.float()
    deviation, mean = (to_float64(value) for value in torch.var_mean(values, correction=0))
    count = values.numel()
    return torch.stack([torch.full_like(mean, count), count * mean, count * (deviation + mean**2)])


def squares(values: Tensor) -> Tensor:
    """Return ``[count, sum of squares]`` of a tensor of any shape, shape (2,)."""
    norm = torch.linalg.vector_norm(with_float64(values.detach()), dtype=torch.float64)
    return torch.stack([torch.full_like(norm, values.numel()), norm**2])


def active_counts(output: Tensor) -> Tensor:
    """Count the nonzero values of each unit.

    Args:
        output: layer output. A unit is a channel: dimension 1 of (N, C) and (N, C, H, W), and the last dimension of
            tokens (N, L, C).

    Returns:
        Counts, shape (units,).
    """
    units = output.dim() - 1 if output.dim() == 3 else 1
    others = [dimension for dimension in range(output.dim()) if dimension != units]
    return to_float64(torch.count_nonzero(output.detach(), dim=others))


def saturated_counts(output: Tensor, low: float, high: float) -> Tensor:
    """Return ``[number of saturated values, count]`` of a sigmoidal activation, shape (2,).

    A value is saturated if its distance to a limit is less than 1 % of the range. There, the slope of the logistic
    function and of tanh is below 4 % of its maximum (4 * 0.01 * 0.99).

    Args:
        output: output of the activation, of any shape.
        low: lower limit of the activation, such as 0.
        high: upper limit of the activation, such as 1.
    """
    margin = SATURATION_MARGIN * (high - low)
    values = output.detach()
    saturated = to_float64(((values < low + margin) | (values > high - margin)).sum())
    return torch.stack([saturated, torch.full_like(saturated, values.numel())])


def normaliser_sums(scores: Tensor, valid: Tensor | None = None) -> Tensor:
    r"""Return ``[number of samples, sum of s]``, where :math:`s = \sum_i e^{x_i}` is a softmax normalizer.

    Args:
        scores: scores :math:`x`, shape (N, C, …).
        valid: mask of the samples or pixels to include, bool, shape (N, …). None: all.

    Returns:
        Shape (2,).
    """
    scores = scores.detach()
    log_sums = (scores if scores.dtype == torch.float64 else scores.float()).logsumexp(1)
    sums = to_float64(log_sums if valid is None else log_sums[valid]).exp()
    return torch.stack([torch.full_like(sums.sum(), sums.numel()), sums.sum()])


def finite_range(values: Tensor) -> Tensor:
    """Return ``[-minimum, maximum]`` of the finite values, shape (2,); both are -inf if there are none.

    With this sign, the elementwise maximum over several tensors is their common range.
    """
    limits = torch.stack(torch.aminmax(values)) if values.numel() else values.new_full((2,), torch.nan)
    if not torch.isfinite(limits).all():
        values = values[torch.isfinite(values)]
        if not values.numel():
            return to_float64(values.new_full((2,), -torch.inf))
        limits = torch.stack(torch.aminmax(values))
    limits = to_float64(limits)
    return limits * limits.new_tensor([-1, 1])


def histogram_edges(low: float, high: float) -> Tensor:
    """Return the edges of ``HISTOGRAM_BINS`` bins of equal width, float64, shape (bins + 1,)."""
    return torch.linspace(low, high, HISTOGRAM_BINS + 1, dtype=torch.float64)


def histogram(values: Tensor, edges: Tensor) -> Tensor:
    """Count the values in each bin. The last bin includes its upper edge; values outside the edges are not counted.

    ``torch.histc`` is not used because it counts in float32 and raises an error on a GPU if deterministic algorithms
    are required.

    Args:
        values: values, of any shape.
        edges: edges of the bins, float64, shape (bins + 1,).

    Returns:
        Counts, float64, shape (bins,).
    """
    counts = edges.new_zeros(len(edges) - 1)
    for part in values.flatten().split(CHUNK):
        part = to_float64(part)
        inside = part[(part >= edges[0]) & (part <= edges[-1])]
        bins = torch.bucketize(inside, edges, right=True) - 1
        counts += torch.bincount(bins.clamp(max=len(counts) - 1), minlength=len(counts))
    return counts


def rms(sums: Tensor) -> float:
    """Return the root mean square from the sums of :func:`squares`."""
    count, total = sums.tolist()
    return (total / count) ** 0.5


def variance(sums: Tensor) -> float:
    """Return the mean squared deviation from the mean from the sums of :func:`moments`."""
    count, total, total_of_squares = sums.tolist()
    return max(total_of_squares / count - (total / count) ** 2, 0.0)


def share(sums: Tensor) -> float:
    """Return the first of two sums divided by the second."""
    part, whole = sums.tolist()
    return part / whole

r"""Statistics of activations and gradients, as sums in float64 that add up over calls and over processes.

Each function reduces a tensor to a few sums on its device; the functions of sums at the end make the statistic of them.
So the statistic of a batch that several processes share is that of the summed sums.
"""

from __future__ import annotations

import torch
from torch import Tensor

HISTOGRAM_BINS = 200
CHUNK = 2**22  # values at a time, which bounds the memory
SATURATION_MARGIN = 0.01


def moments(values: Tensor) -> Tensor:
    """``[count, sum, sum of squares]`` of any shape, (3,).

    The sum of squares is that about the mean plus ``count * mean**2``, so that :func:`variance` loses no digits.
    """
    values = values.detach()
    if values.dtype != torch.float64:
        values = values.float()
    deviation, mean = (value.double() for value in torch.var_mean(values, correction=0))
    count = values.numel()
    return torch.stack([torch.full_like(mean, count), count * mean, count * (deviation + mean**2)])


def squares(values: Tensor) -> Tensor:
    """``[count, sum of squares]``, (2,)."""
    norm = torch.linalg.vector_norm(values.detach(), dtype=torch.float64)
    return torch.stack([torch.full_like(norm, values.numel()), norm**2])


def active_counts(output: Tensor) -> Tensor:
    """How many values of each unit aren't 0, (units,).

    A unit is a channel, whose weights all its positions share: dimension 1 of (N, C) and (N, C, H, W), the last one of
    tokens (N, L, C).
    """
    units = output.dim() - 1 if output.dim() == 3 else 1
    others = [dimension for dimension in range(output.dim()) if dimension != units]
    return torch.count_nonzero(output.detach(), dim=others).double()


def saturated_counts(output: Tensor, low: float, high: float) -> Tensor:
    """``[saturated, count]``, (2,), of the outputs of a sigmoid with these limits.

    Saturated is what lies within 1 % of the range from a limit. There the slope of the logistic function and of tanh
    is below 4 % of its largest value (4 * 0.01 * 0.99).
    """
    margin = SATURATION_MARGIN * (high - low)
    values = output.detach()
    saturated = ((values < low + margin) | (values > high - margin)).sum().double()
    return torch.stack([saturated, torch.full_like(saturated, values.numel())])


def normaliser_sums(scores: Tensor, valid: Tensor | None = None) -> Tensor:
    r"""``[samples, sum of s]``, (2,), with the softmax normaliser :math:`s = \sum_i e^{x_i}` of each sample.

    Args:
        scores: (N, C, …).
        valid: which samples or pixels count, bool (N, …); None: all.
    """
    scores = scores.detach()
    log_sums = (scores if scores.dtype == torch.float64 else scores.float()).logsumexp(1)
    sums = (log_sums if valid is None else log_sums[valid]).double().exp()
    return torch.stack([torch.full_like(sums.sum(), sums.numel()), sums.sum()])


def finite_range(values: Tensor) -> Tensor:
    """``[-smallest, largest]``, (2,), of the finite values, so that the maximum over processes is their common range;
    -inf where there is none."""
    limits = torch.stack(torch.aminmax(values)) if values.numel() else values.new_full((2,), torch.nan)
    if not torch.isfinite(limits).all():
        values = values[torch.isfinite(values)]
        if not values.numel():
            return torch.full((2,), -torch.inf, dtype=torch.float64, device=values.device)
        limits = torch.stack(torch.aminmax(values))
    return limits.double() * limits.new_tensor([-1, 1])


def histogram_edges(low: float, high: float) -> Tensor:
    """Of bins of equal width, float64 (bins + 1,)."""
    return torch.linspace(low, high, HISTOGRAM_BINS + 1, dtype=torch.float64)


def histogram(values: Tensor, edges: Tensor) -> Tensor:
    """Counts in float64, (bins,); the last bin includes its upper edge, values outside aren't counted.

    Not by ``torch.histc``, which counts in float32 and refuses to run on a GPU where algorithms must be deterministic.
    """
    counts = edges.new_zeros(len(edges) - 1)
    for part in values.flatten().split(CHUNK):
        part = part.double()
        inside = part[(part >= edges[0]) & (part <= edges[-1])]
        bins = torch.bucketize(inside, edges, right=True) - 1
        counts += torch.bincount(bins.clamp(max=len(counts) - 1), minlength=len(counts))
    return counts


def rms(sums: Tensor) -> float:
    """Root mean square, from :func:`squares`."""
    count, total = sums.tolist()
    return (total / count) ** 0.5


def variance(sums: Tensor) -> float:
    """Mean squared deviation from the mean, from :func:`moments`."""
    count, total, total_of_squares = sums.tolist()
    return max(total_of_squares / count - (total / count) ** 2, 0.0)


def share(sums: Tensor) -> float:
    """The first of two sums, divided by the second."""
    part, whole = sums.tolist()
    return part / whole

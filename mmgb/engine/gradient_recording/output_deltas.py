"""Output deltas of a loss: the gradient with respect to its scores, times the number of samples it averages over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from mmgb.functional.gradient_statistics import finite_range, histogram, histogram_edges

from .loss_calls import LossCall


class BinnedDeltas(NamedTuple):
    """Histogram of output deltas.

    Attributes:
        edges (list[float]): ascending bin edges.
        counts (list[int]): number of deltas per bin, one fewer than ``edges``.
        not_finite (int): number of deltas that are NaN or infinite.
    """

    edges: list[float]
    counts: list[int]
    not_finite: int


class OutputDeltas:
    """Output deltas of one call of a loss.

    Attributes:
        call (LossCall): inputs of the loss.
        values (Tensor | None): float32 deltas in the shape of the scores; None until the backward pass sets them.
    """

    def __init__(self, call: LossCall) -> None:
        self.call = call
        self.values: Tensor | None = None

    def set_gradient(self, gradient: Tensor) -> None:
        """Store the deltas that follow from the gradient of the loss with respect to the scores."""
        self.values = gradient.float() * self.call.divisor


def bin_deltas(deltas: Sequence[OutputDeltas], factor: float) -> BinnedDeltas | None:
    """Return the histogram of the deltas of all processes, each multiplied by ``factor``; None without deltas.

    Ignored samples and pixels aren't counted. Every process must call this the same number of times.
    """
    calls = [(delta.call, delta.values * factor) for delta in deltas if delta.values is not None]
    if not calls:
        return None
    limits = torch.stack([finite_range(values) for _, values in calls]).amax(0)
    all_reduce(limits, 'max')
    low, high = (limits * limits.new_tensor([-1, 1])).tolist()
    if not low < high:  # a single value, or no finite value
        low, high = (low - 0.5, low + 0.5) if low == high else (-0.5, 0.5)
    edges = histogram_edges(low, high).to(limits.device)
    counts = sum(histogram(values, edges) for _, values in calls)
    zero = histogram(edges.new_zeros(1), edges)
    not_finite = counts.new_zeros(1)
    for call, values in calls:
        not_finite += values.numel() - torch.isfinite(values).sum().to(counts.device)
        if call.valid is not None:  # the deltas of ignored pixels are zeros: take them out of zero's bin
            ignored = call.valid.numel() - torch.count_nonzero(call.valid).to(counts.device)
            counts -= zero * ignored * call.scores.shape[1]
    reduced = torch.cat([counts, not_finite])
    all_reduce(reduced)
    *counts, not_finite = map(int, reduced.tolist())
    return BinnedDeltas(edges.tolist(), counts, not_finite)

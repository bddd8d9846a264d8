"""Parts of the compiled loops: the target classes' mask, weights and sums."""

from __future__ import annotations

import torch
from torch import Tensor


def target_mask(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mask of the target classes' scores, (N, C, P)."""
    return torch.arange(scores.shape[1], device=scores.device).view(1, -1, 1) == labels.unsqueeze(1)


def scores_of_target(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the scores of the target classes, (N, P)."""
    return scores.gather(1, labels.clamp(0, scores.shape[1] - 1).unsqueeze(1)).squeeze(1)


def weighted(values: Tensor, factor: Tensor) -> Tensor:
    """Multiply, with 0 * inf = 0."""
    return torch.where(factor == 0, 0, values * factor)


def total(values: Tensor) -> Tensor:
    """Sum (N, C, P) values: over an image in float32, which is faster, then over classes and images in float64."""
    if values.shape[2] > 1:
        values = values.sum(2)
    return values.sum(dtype=torch.float64)

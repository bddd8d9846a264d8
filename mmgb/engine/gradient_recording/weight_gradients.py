"""Mean magnitude of weight gradients, absolute and relative to the weights (*Relay Backpropagation*, Figure 1)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmgb.functional.double_precision import with_float64
from mmgb.utils.gradient_records import WEIGHT_GRAD_MEAN, WEIGHT_GRAD_RATIO, scalar_name


def weight_gradient_scalars(weights: Mapping[str, nn.Parameter], scale: Tensor | None = None) -> dict[str, float]:
    """Return the gradient statistics of ``weights`` by scalar name, with one transfer from the device.

    Args:
        weights (Mapping[str, nn.Parameter]): weights by module path; those without a gradient are skipped.
        scale (Tensor | None): factor by which the gradients are still multiplied, as a fused optimizer receives it
            under mixed precision. Default: None, unscaled gradients.
    """
    weights = {path: weight for path, weight in weights.items() if weight.grad is not None}
    if not weights:
        return {}
    means = torch.stack(
        [torch.stack([_mean_magnitude(weight.grad), _mean_magnitude(weight.detach())]) for weight in weights.values()]
    )
    if scale is not None:
        means[:, 0] /= with_float64(scale)
    ratios = means[:, 0] / means[:, 1]
    scalars = {scalar_name(WEIGHT_GRAD_MEAN, path): value for path, value in zip(weights, means[:, 0].tolist())}
    return scalars | {scalar_name(WEIGHT_GRAD_RATIO, path): value for path, value in zip(weights, ratios.tolist())}


def _mean_magnitude(values: Tensor) -> Tensor:
    return torch.linalg.vector_norm(with_float64(values), 1, dtype=torch.float64) / values.numel()

r"""The Hessians in Section 4 of the gradient-boosting paper, and the one that it approximates.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate* (2017), Section 4. For squared error
:math:`E = \frac12 (y - t)^2` of an activation y(x), the paper states the second derivative by the output x as a first
term minus a second term,

.. math::
    H_{linear} = 1 \qquad H_{softmax} = y^2 - y (t - y),\; y = e^x / s \qquad
    H_{exp} = e^{2x} - e^x (t - e^x) \qquad H_{pow3} = 9 x^4 - 6 x (t - x^3)

The first term is :math:`y'^2`, the second is :math:`y'' (t - y)`. The paper's text differentiates
:math:`\|y - t\|^2` without the factor ½, which would double all of them. Its :math:`H_{softmax}` holds the softmax
normaliser :math:`s = \sum e^x` fixed although s depends on x; :func:`softmax_squared_error_curvature` doesn't.

All functions are elementwise and expect float64 tensors of the same shape, unless they say otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Hessian(NamedTuple):
    """Second derivative as the difference of two terms.

    Attributes:
        first (Tensor): squared slope of the activation.
        second (Tensor): second derivative of the activation times the error ``t - y``.
    """

    first: Tensor
    second: Tensor

    @property
    def total(self) -> Tensor:
        """The second derivative, ``first - second``."""
        return self.first - self.second


def linear_hessian(x: Tensor, t: Tensor) -> Hessian:
    """Return the paper's Equation (1), for y = x."""
    return Hessian(torch.ones_like(x), torch.zeros_like(x))


def softmax_hessian(x: Tensor, t: Tensor, log_normaliser: Tensor) -> Hessian:
    """Return the paper's Equation (2), for y = exp(x) / s with s = exp(log_normaliser) held fixed."""
    y = (x - log_normaliser).exp()
    return Hessian(y**2, y * (t - y))


def exp_hessian(x: Tensor, t: Tensor) -> Hessian:
    """Return the paper's Equation (3), for y = exp(x)."""
    y = x.exp()
    return Hessian(y**2, y * (t - y))


def pow3_hessian(x: Tensor, t: Tensor) -> Hessian:
    """Return the paper's Equation (4), for y = x³."""
    return Hessian(9 * x**4, 6 * x * (t - x**3))


def squared_error_hessians(scores: Tensor, targets: Tensor) -> dict[str, Hessian]:
    """Return the paper's four Hessians by activation: linear, softmax, exp and pow3.

    Args:
        scores (Tensor): outputs, (N, C). The softmax normaliser is the sum over dimension 1.
        targets (Tensor): target of each output, (N, C).
    """
    return {
        'linear': linear_hessian(scores, targets),
        'softmax': softmax_hessian(scores, targets, scores.logsumexp(1, keepdim=True)),
        'exp': exp_hessian(scores, targets),
        'pow3': pow3_hessian(scores, targets),
    }


def softmax_squared_error_curvature(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the diagonal of the Hessian of ``½Σ(softmax(x) - t)²``, with the normaliser as a function of x.

    Args:
        scores (Tensor): outputs x, (N, C).
        targets (Tensor): target t of each output, (N, C).

    Returns:
        Tensor: second derivative by each output, (N, C).
    """
    y = scores.softmax(1)
    error = y - targets
    first = y**2 * (1 - 2 * y + (y**2).sum(1, keepdim=True))
    return first + y * (1 - 2 * y) * (error - (error * y).sum(1, keepdim=True))

"""Float64 calculus for checking statements: scalars, roots and derivatives."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor

from mmgb.functional.errors import ConfigError


def real(value: float) -> Tensor:
    """Return ``value`` as a float64 scalar tensor."""
    return torch.tensor(value, dtype=torch.float64)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find by bisection where ``function`` changes its sign between ``low`` and ``high``, to float64 resolution.

    Raises:
        ConfigError: if the function has the same sign at both ends.
    """
    rising = function(high) > 0
    if rising == (function(low) > 0):
        raise ConfigError(f'low={low:g}, high={high:g}: expected a function with different signs at these two points')
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if (function(middle) > 0) == rising else (middle, high)
    return high


def derivative(function: Callable[[Tensor], Tensor], x: Tensor, order: int = 1) -> Tensor:
    """Differentiate an elementwise function ``order`` times by automatic differentiation.

    Returns:
        Tensor: derivative at each element of ``x``, detached.
    """
    x = x.clone().requires_grad_()
    value = function(x)
    for _ in range(order):
        (value,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    return value.detach()

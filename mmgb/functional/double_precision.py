"""Double precision on devices that may not have it."""

from __future__ import annotations

from torch import Tensor

WITHOUT_FLOAT64 = ('mps',)  # device types


def with_float64(values: Tensor) -> Tensor:
    """Move a tensor to the CPU if its device has no float64. Its type stays."""
    return values.cpu() if values.device.type in WITHOUT_FLOAT64 else values


def to_float64(values: Tensor) -> Tensor:
    """Convert a tensor to float64, on the CPU if its device has no float64."""
    return with_float64(values).double()

"""Double precision on devices that may not have it."""

from __future__ import annotations

from torch import Tensor

WITHOUT_FLOAT64 = ('mps',)  # device types


def to_float64(values: Tensor) -> Tensor:
    """Convert a tensor to float64, on the CPU if its device has no float64."""
    if values.device.type in WITHOUT_FLOAT64:
        values = values.cpu()
    return values.double()

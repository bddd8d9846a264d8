"""Positions in a sequence of samples: one integer, or several."""

from __future__ import annotations

from typing import Any


def is_one_position(index: Any) -> bool:
    """Return True for an integer of any library, False for a slice, or a list or array of positions.

    ``torch.utils.data.Subset`` passes on the indices that it was given, often tensors without a dimension.
    """
    return hasattr(index, '__index__') and not getattr(index, 'ndim', 0)

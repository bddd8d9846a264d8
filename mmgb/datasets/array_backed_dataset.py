"""Base class of data sets that store their samples in a few arrays instead of a list of dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.dataset import force_full_init
from mmpretrain.datasets import BaseDataset


class ArrayBackedDataset(BaseDataset):
    """Data set whose ``load_data_list`` returns a sequence over arrays, which is sliced without a loop.

    The sequence replaces mmengine's list of dictionaries: ``indices``, ``get_subset`` and mmengine's wrappers work as
    usual. It needs ``labels``, (N,) integers, and ``__getitem__``, which returns a new sample dict for an int and a
    sequence of the same type for a slice or an array of positions.

    Args:
        serialize_data (bool): accepted for compatibility and ignored, since workers share the arrays anyway.
        *args, **kwargs: arguments of mmpretrain's ``BaseDataset``.
    """

    def __init__(self, *args, serialize_data: bool = True, **kwargs) -> None:
        super().__init__(*args, serialize_data=False, **kwargs)

    @force_full_init
    def get_gt_labels(self) -> np.ndarray:
        """Return the labels, (N,) integers: the data set's own read-only array."""
        return self.data_list.labels

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the class index of sample ``idx`` as a list of one entry."""
        return [int(self.data_list.labels[idx])]

    def _get_unserialized_subset(self, indices: Any) -> Any:
        if isinstance(indices, (int, np.integer)):
            return self.data_list[:indices] if indices >= 0 else self.data_list[indices:]
        return self.data_list[np.asarray(indices, dtype=np.int64)]

"""What data sets have in common whose samples stand in a few arrays instead of a list of dictionaries."""

import numpy as np
from mmengine.dataset import force_full_init
from mmpretrain.datasets import BaseDataset


class ArrayBackedDataset(BaseDataset):
    """Base of data sets whose ``load_data_list`` returns a sequence over arrays, sliced without a loop.

    Such a sequence has ``labels``, (N,) integers, and ``__getitem__``: a sample's new dict at an int, a sequence of the
    same kind at a slice or an array of positions. It takes the place of mmengine's list: ``indices``, ``get_subset``
    and the wrappers of mmengine work on it. Workers share it however they are started, so ``serialize_data``, which
    does that for lists, is accepted and has nothing to do.
    """

    def __init__(self, *args, serialize_data: bool = True, **kwargs) -> None:
        super().__init__(*args, serialize_data=False, **kwargs)

    @force_full_init
    def get_gt_labels(self) -> np.ndarray:
        """(N,) integers, read-only: the data set's own array."""
        return self.data_list.labels

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        return [int(self.data_list.labels[idx])]

    def _get_unserialized_subset(self, indices):
        if isinstance(indices, (int, np.integer)):
            return self.data_list[:indices] if indices >= 0 else self.data_list[indices:]
        return self.data_list[np.asarray(indices, dtype=np.int64)]

"""A data set over arrays behaves like mmpretrain's own over a list of dictionaries."""

import numpy as np
import pytest
from mmpretrain.datasets import BaseDataset

from mmgb.datasets.array_backed_dataset import ArrayBackedDataset

LABELS = np.array([2, 0, 1, 1, 2])


class Rows:
    """The sequence that load_data_list returns."""

    def __init__(self, labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        if isinstance(index, (int, np.integer)):
            return dict(gt_label=int(self.labels[index]))
        return Rows(self.labels[index])


class OverArrays(ArrayBackedDataset):
    def load_data_list(self):
        return Rows(LABELS)


class OverDictionaries(BaseDataset):
    def load_data_list(self):
        return [dict(gt_label=int(label)) for label in LABELS]


@pytest.mark.parametrize('indices', [None, 3, -2, [4, 0, 4], (1, 2)])
def test_subsets_equal_those_of_a_list(indices):
    ours, theirs = OverArrays('', indices=indices), OverDictionaries('', indices=indices)
    assert [ours[i] for i in range(len(ours))] == [theirs[i] for i in range(len(theirs))]
    assert ours.get_gt_labels().tolist() == theirs.get_gt_labels().tolist()
    assert [ours.get_cat_ids(i) for i in range(len(ours))] == [theirs.get_cat_ids(i) for i in range(len(theirs))]
    if indices is not None:
        assert OverArrays('').get_subset(indices).get_gt_labels().tolist() == ours.get_gt_labels().tolist()


def test_serialize_data_is_accepted_and_ignored():
    dataset = OverArrays('', serialize_data=True)
    assert dataset.data_list.labels is LABELS

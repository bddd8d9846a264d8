"""Integers of any library are one position; slices, lists and arrays are several."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from mmgb.datasets.array_dataset import make_samples
from mmgb.datasets.image_list_parser import read_image_list
from mmgb.datasets.positions import is_one_position

LISTED = read_image_list(b''.join(b'/a/%d.jpg %d\n' % (i, i % 3) for i in range(6)))
SAMPLES = make_samples(np.arange(24, dtype=np.uint8).reshape(6, 2, 2), np.arange(6) % 3, 3)


@pytest.mark.parametrize('index', [2, np.int64(2), np.uint8(2), np.array(2), torch.tensor(2), True], ids=repr)
def test_an_integer_is_one_position(index):
    assert is_one_position(index)


@pytest.mark.parametrize('index', [slice(2), [2], (2,), np.array([2]), torch.tensor([2]), range(2)], ids=repr)
def test_several_positions_are_not_one_even_if_there_is_only_one(index):
    assert not is_one_position(index)


@pytest.mark.parametrize('samples', [LISTED, SAMPLES], ids=['image list', 'arrays'])
def test_samples_at_a_tensor_are_those_at_its_integer(samples):
    order = torch.tensor([4, 0, 5])
    found = [Subset(samples, order)[position] for position in range(3)]
    for position, sample in zip((4, 0, 5), found):
        assert sample.keys() == samples[position].keys()
        assert all(np.array_equal(sample[key], samples[position][key]) for key in sample)
    assert list(samples[order].labels) == [1, 0, 2] == [sample['gt_label'] for sample in found]


@pytest.mark.parametrize('num_workers', [0, 1])
def test_a_loader_of_a_subset_by_tensors_loads_its_samples(num_workers):
    loader = DataLoader(Subset(SAMPLES, torch.tensor([3, 1])), num_workers=num_workers)
    assert [batch['img'][0].tolist() for batch in loader] == [SAMPLES[i]['img'].tolist() for i in (3, 1)]

"""The walk over dataset wrappers, on the wrappers of torch and mmengine themselves."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import BaseDataset, ClassBalancedDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset
from torch.utils.data import ConcatDataset, Subset

from mmgb.utils.dataset_wrappers import Composition, composition, inner_datasets, innermost_datasets


class Numbers(BaseDataset):
    """``length`` samples whose class is their position."""

    def __init__(self, length, **options):
        self.length = length
        super().__init__(serialize_data=False, **options)

    def load_data_list(self):
        return [dict(position=position) for position in range(self.length)]

    def get_cat_ids(self, idx):
        return [idx]


ONE, TWO = Numbers(3), Numbers(2)


@pytest.mark.parametrize(
    'wrapper, expected',
    [
        (ONE, None),
        (ConcatDataset([ONE, TWO]), Composition([ONE, TWO])),
        (RepeatDataset(ONE, times=4), Composition([ONE], times=4)),
        (Subset(ONE, [2, 0]), Composition([ONE], indices=[2, 0])),
        (ClassBalancedDataset(TWO, 1e-6), Composition([TWO], indices=[0, 1])),
        (SimpleNamespace(dataset=ONE, pipeline=[], pipeline_types=['RandomMosaic']), Composition([ONE])),
        (SimpleNamespace(dataset=ONE), None),
    ],
)
def test_composition_names_the_rule_of_each_wrapper(wrapper, expected):
    assert composition(wrapper) == expected


@pytest.mark.parametrize(
    'wrapper',
    [
        ConcatDataset([ONE, TWO]),
        RepeatDataset(TWO, 3),
        Subset(ONE, [2, 2]),
        ClassBalancedDataset(TWO, 1.0),
        KFoldDataset(dict(type=Numbers, length=5), fold=1, num_splits=3, seed=0),
    ],
)
def test_a_composition_has_the_samples_of_its_wrapper(wrapper):
    rule = composition(wrapper)
    samples = [sample for dataset in rule.datasets for sample in dataset] * rule.times
    samples = samples if rule.indices is None else [samples[index] for index in rule.indices]
    assert samples == [wrapper[index] for index in range(len(wrapper))]


def test_innermost_datasets_are_found_in_order_at_any_depth():
    nested = ConcatDataset([RepeatDataset(ONE, 2), ConcatDataset([Subset(TWO, [0]), ONE])])
    assert list(innermost_datasets(nested)) == [ONE, TWO, ONE]
    assert list(innermost_datasets(TWO)) == [TWO]
    assert list(innermost_datasets(SimpleNamespace(dataset=TWO))) == [TWO]


def test_inner_datasets_are_one_level_deep():
    inner = Subset(ONE, [0])
    assert inner_datasets(ConcatDataset([inner, TWO])) == [inner, TWO]
    assert inner_datasets(inner) == [ONE] and inner_datasets(ONE) == []

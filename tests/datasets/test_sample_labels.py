"""Labels of the data sets of torch, torchvision, mmengine and mmpretrain, through their wrappers."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.registry import DefaultScope
from mmpretrain.datasets import CustomDataset, KFoldDataset, MultiLabelDataset
from mmseg.datasets import MultiImageMixDataset
from PIL import Image
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import Subset, TensorDataset
from torchvision.datasets import ImageFolder

from mmgb.datasets.sample_labels import class_names, pairs, sample_labels
from mmgb.functional.errors import ConfigError

CLASSES = ['cat', 'dog', 'eel']


class Listed(CustomDataset):
    """A data set of mmpretrain with one class per image."""

    def __init__(self, labels):
        self.labels = labels
        super().__init__(data_prefix='.', metainfo=dict(classes=CLASSES), serialize_data=False)

    def load_data_list(self):
        return [dict(img_path=f'{index}.jpg', gt_label=label) for index, label in enumerate(self.labels)]


def several(folder, labels):
    """Make a multi-label data set of mmpretrain."""
    rows = [dict(img_path=f'{i}.jpg', gt_label=label) for i, label in enumerate(labels)]
    (folder / 'several.json').write_text(json.dumps(dict(metainfo=dict(classes=CLASSES), data_list=rows)))
    return MultiLabelDataset(ann_file=str(folder / 'several.json'), serialize_data=False)


def as_lists(labels):
    """Return the classes of each sample from the (class, sample) pairs of the sampler."""
    classes, samples = pairs(labels)
    samples = np.arange(len(classes)) if samples is None else samples
    return [sorted(classes[samples == sample].tolist()) for sample in range(len(labels))]


def test_labels_of_mmpretrain_are_one_array():
    labels = sample_labels(Listed([2, 0, 1, 1]))
    assert isinstance(labels, np.ndarray) and labels.tolist() == [2, 0, 1, 1]


@pytest.mark.parametrize('labels', [[[0, 2], [1], []], [[0, 2], [1, 2]], [[1], [0]]])
def test_a_sample_with_several_classes_belongs_to_each(tmp_path, labels):
    assert as_lists(sample_labels(several(tmp_path, labels))) == labels


def test_a_repeated_class_of_a_sample_counts_once(tmp_path):
    assert sample_labels(several(tmp_path, [[2, 1, 1], [0]])) == [[1, 2], [0]]


def test_torchvisions_targets_are_labels(tmp_path):
    for index, name in enumerate(['b/0.png', 'a/0.png', 'b/1.png']):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new('L', (2, 2), index).save(tmp_path / name)
    dataset = ImageFolder(tmp_path)
    assert sample_labels(dataset).tolist() == [0, 1, 1] and class_names(dataset) == ['a', 'b']


# name: function of a data set with one class per image and one with several
WRAPPED = {
    'concatenated': lambda one, multi: ConcatDataset([one, Listed([1, 2])]),
    'concatenated by torch': lambda one, multi: TorchConcatDataset([one, Subset(Listed([1, 2]), [1])]),
    'concatenated, one multi-label': lambda one, multi: ConcatDataset([one, multi]),
    'repeated': lambda one, multi: RepeatDataset(one, 3),
    'repeated, multi-label': lambda one, multi: RepeatDataset(multi, 2),
    'a subset': lambda one, multi: Subset(one, [4, 4, 0]),
    'a subset, multi-label': lambda one, multi: Subset(multi, np.array([1, 1, 0])),
    'an empty subset and another': lambda one, multi: TorchConcatDataset([Subset(one, []), multi]),
    'an mmengine subset': lambda one, multi: one.get_subset([3, 0]),
    'balanced': lambda one, multi: ClassBalancedDataset(multi, oversample_thr=0.9),
    'a fold': lambda one, multi: KFoldDataset(dict(type=Listed, labels=[2, 0, 1, 1]), fold=1, num_splits=2, seed=1),
    'a subset of a repetition': lambda one, multi: Subset(RepeatDataset(one, 4), range(1, 18, 3)),
}


@pytest.mark.parametrize('name', WRAPPED)
def test_labels_follow_each_wrappers_own_rule(tmp_path, name):
    dataset = WRAPPED[name](Listed([2, 0, 1, 1, 0]), several(tmp_path, [[0, 2], [1]]))

    def classes_of(part, index):  # of one sample, by each wrapper's own rule for its index
        if isinstance(part, Subset):
            return classes_of(part.dataset, part.indices[index])
        if isinstance(part, TorchConcatDataset):
            which = np.searchsorted(part.cumulative_sizes, index, side='right')
            return classes_of(part.datasets[which], index - (part.cumulative_sizes[which - 1] if which else 0))
        found = part.get_data_info(index)['gt_label']
        return sorted(found) if isinstance(found, list) else [found]

    assert as_lists(sample_labels(dataset)) == [classes_of(dataset, index) for index in range(len(dataset))]
    assert class_names(dataset) == CLASSES


def test_a_lazy_wrapper_is_initialized_before_its_rule_is_read():
    eager, lazy = (ClassBalancedDataset(Listed([2, 0, 1, 1, 0]), 0.9, lazy_init=lazy) for lazy in (False, True))
    assert sample_labels(lazy).tolist() == sample_labels(eager).tolist()


class Unlabelled(BaseDataset):
    def load_data_list(self):
        return [dict(img_path='0.jpg')]


class TooFewLabels(Unlabelled):
    def get_gt_labels(self):
        return np.array([1, 2])


class Prefixed(TensorDataset):
    targets = [[0.5], [0.5]]


@pytest.mark.parametrize(
    'dataset, message',
    [
        (Unlabelled(), 'Unlabelled has no labels to sample by: expected a method get_gt_labels'),
        (TensorDataset(), 'TensorDataset has no labels'),
        (Listed([None, None]), 'Listed has no labels'),
        (Prefixed(), 'Prefixed has no labels'),
        (TooFewLabels(), 'TooFewLabels has 1 samples but 2 labels'),
        (Subset(SimpleNamespace(), [0]), 'SimpleNamespace has no labels'),
    ],
)
def test_a_data_set_without_labels_is_refused_by_name(dataset, message):
    with pytest.raises(ValueError, match=message):
        sample_labels(dataset)


def test_a_mosaic_has_the_labels_of_the_samples_that_it_mixes_others_into(tmp_path):
    for part in 'images', 'labels':
        (tmp_path / part).mkdir()
    for index, values in enumerate([[0, 1], [2, 2], [255, 1]]):
        Image.fromarray(np.array(2 * [values], np.uint8)).save(tmp_path / f'labels/{index}.png')
        Image.new('RGB', (2, 2)).save(tmp_path / f'images/{index}.png')
    inner = dict(
        type='BaseSegDataset',
        data_root=str(tmp_path),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        metainfo=dict(classes=CLASSES, palette=[[0] * 3] * 3),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')],
    )
    with DefaultScope.overwrite_default_scope('mmseg'):
        mosaic = MultiImageMixDataset(inner, [dict(type='RandomMosaic', prob=1.0, img_scale=(4, 4))])
        two_mosaics = TorchConcatDataset([mosaic, mosaic])
        assert mosaic[0]['img'].shape == (8, 8, 3)
    assert as_lists(sample_labels(mosaic)) == [[0, 1], [2], [1]] and class_names(mosaic) == CLASSES
    assert as_lists(sample_labels(two_mosaics)) == 2 * [[0, 1], [2], [1]]


DTYPES = [f'{kind}{size}' for kind in 'iu' for size in (1, 2, 4, 8)]


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('other', DTYPES)
def test_labels_of_any_integer_type_are_int64_alone_and_concatenated(dtype, other):
    class Images(SimpleNamespace):
        def __len__(self):
            return len(self.targets)

    first, second = (Images(targets=np.array(labels, kind)) for labels, kind in (([2, 0], dtype), ([1, 100], other)))
    for dataset, expected in (first, [2, 0]), (TorchConcatDataset([first, second]), [2, 0, 1, 100]):
        labels = sample_labels(dataset)
        assert labels.dtype == np.int64 and labels.tolist() == expected


def test_a_label_beyond_int64_is_refused():
    dataset = type('Images', (SimpleNamespace,), {'__len__': lambda self: 2})(targets=np.array([0, 2**63], np.uint64))
    with pytest.raises(ConfigError, match='^labels of the samples: expected class indices, got 9223372036854775808$'):
        sample_labels(dataset)

"""Labels are found in the data sets of torch, torchvision, mmengine, mmpretrain and mmseg, through their wrappers."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmpretrain.datasets import CustomDataset, KFoldDataset, MultiLabelDataset
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import Subset, TensorDataset
from torchvision.datasets import ImageFolder

from mmgb.datasets.label_maps import scan_label_maps
from mmgb.datasets.sample_labels import class_names, pairs, sample_labels

CLASSES = ['cat', 'dog', 'eel']


class Listed(CustomDataset):
    """mmpretrain's data set of one class for each image."""

    def __init__(self, labels):
        self.labels = labels
        super().__init__(data_prefix='.', metainfo=dict(classes=CLASSES), serialize_data=False)

    def load_data_list(self):
        return [dict(img_path=f'{index}.jpg', gt_label=label) for index, label in enumerate(self.labels)]


def several(folder, labels):
    """mmpretrain's multi-label data set."""
    rows = [dict(img_path=f'{i}.jpg', gt_label=label) for i, label in enumerate(labels)]
    (folder / 'several.json').write_text(json.dumps(dict(metainfo=dict(classes=CLASSES), data_list=rows)))
    return MultiLabelDataset(ann_file=str(folder / 'several.json'), serialize_data=False)


def as_lists(labels):
    """{class} of each sample, from the (class, sample) pairs that the sampler takes."""
    classes, samples = pairs(labels)
    samples = np.arange(len(classes)) if samples is None else samples
    return [sorted(classes[samples == sample].tolist()) for sample in range(len(labels))]


def test_mmpretrains_labels_are_taken_at_once():
    labels = sample_labels(Listed([2, 0, 1, 1]))
    assert isinstance(labels, np.ndarray) and labels.tolist() == [2, 0, 1, 1]


@pytest.mark.parametrize('labels', [[[0, 2], [1], []], [[0, 2], [1, 2]], [[1], [0]]])
def test_a_sample_of_several_classes_belongs_to_each(tmp_path, labels):
    assert as_lists(sample_labels(several(tmp_path, labels))) == labels


def test_a_class_that_is_named_twice_counts_once(tmp_path):
    assert sample_labels(several(tmp_path, [[2, 1, 1], [0]])) == [[1, 2], [0]]


def test_torchvisions_targets_are_labels(tmp_path):
    for index, name in enumerate(['b/0.png', 'a/0.png', 'b/1.png']):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new('L', (2, 2), index).save(tmp_path / name)
    dataset = ImageFolder(tmp_path)
    assert sample_labels(dataset).tolist() == [0, 1, 1] and class_names(dataset) == ['a', 'b']


# name: data set, made of one with one class for each image and of one with several
WRAPPED = {
    'concatenated': lambda one, multi: ConcatDataset([one, Listed([1, 2])]),
    'concatenated by torch': lambda one, multi: TorchConcatDataset([one, Subset(Listed([1, 2]), [1])]),
    'concatenated, one with several classes': lambda one, multi: ConcatDataset([one, multi]),
    'repeated': lambda one, multi: RepeatDataset(one, 3),
    'repeated, several classes': lambda one, multi: RepeatDataset(multi, 2),
    'a subset': lambda one, multi: Subset(one, [4, 4, 0]),
    'a subset of one with several classes': lambda one, multi: Subset(multi, np.array([1, 1, 0])),
    'an empty subset and another': lambda one, multi: TorchConcatDataset([Subset(one, []), multi]),
    'the first of it': lambda one, multi: one.get_subset([3, 0]),
    'balanced': lambda one, multi: ClassBalancedDataset(multi, oversample_thr=0.9),
    'a fold': lambda one, multi: KFoldDataset(dict(type=Listed, labels=[2, 0, 1, 1]), fold=1, num_splits=2, seed=1),
    'a subset of a repetition': lambda one, multi: Subset(RepeatDataset(one, 4), range(1, 18, 3)),
}


@pytest.mark.parametrize('name', WRAPPED)
def test_wrappers_are_looked_through(tmp_path, name):
    dataset = WRAPPED[name](Listed([2, 0, 1, 1, 0]), several(tmp_path, [[0, 2], [1]]))

    def classes_of(part, index):  # one sample at a time, through each wrapper's own rule for its index
        if isinstance(part, Subset):
            return classes_of(part.dataset, part.indices[index])
        if isinstance(part, TorchConcatDataset):
            which = np.searchsorted(part.cumulative_sizes, index, side='right')
            return classes_of(part.datasets[which], index - (part.cumulative_sizes[which - 1] if which else 0))
        found = part.get_data_info(index)['gt_label']
        return sorted(found) if isinstance(found, list) else [found]

    assert as_lists(sample_labels(dataset)) == [classes_of(dataset, index) for index in range(len(dataset))]
    assert class_names(dataset) == CLASSES


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
def test_a_data_set_without_labels_is_refused_by_its_name(dataset, message):
    with pytest.raises(ValueError, match=message):
        sample_labels(dataset)


# -------------------------------------------------------------------------------------------------------- segmentation


def segmentation(folder, classes=CLASSES, **options):
    kind = type('Animals', (BaseSegDataset,), dict(METAINFO=dict(classes=CLASSES, palette=[[i] * 3 for i in range(3)])))
    return kind(
        data_root=str(folder),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        metainfo=dict(classes=classes),
        pipeline=[dict(type=LoadAnnotations)],
        serialize_data=False,
        **options,
    )


@pytest.fixture
def label_maps(tmp_path):
    for part in ('images', 'labels'):
        (tmp_path / part).mkdir()
    for index, values in enumerate([[0, 1, 255], [2, 2, 3], [3, 255, 0], [255, 255, 255], [0, 1, 2]]):
        label = Image.fromarray(np.array([values], dtype=np.uint8).repeat(4, axis=0), mode='P')
        label.putpalette(bytes(range(256)) * 3)
        label.save(tmp_path / f'labels/{index}.png')
        label.convert('RGB').save(tmp_path / f'images/{index}.png')
    return tmp_path


@pytest.mark.filterwarnings('ignore::DeprecationWarning:PIL')
@pytest.mark.parametrize(
    'options',
    [
        dict(reduce_zero_label=True),
        dict(reduce_zero_label=True, ignore_index=1),
        dict(reduce_zero_label=True, classes=['eel', 'cat']),
    ],
)
def test_each_image_has_the_classes_that_training_sees_in_it(label_maps, options):
    dataset = segmentation(label_maps, **options)
    expected = [
        sorted(set(np.unique(dataset[index]['gt_seg_map']).tolist()) - {255, dataset.ignore_index})
        for index in range(len(dataset))
    ]
    assert as_lists(sample_labels(dataset)) == expected
    assert as_lists(sample_labels(dataset)) == expected  # from the cache file
    assert (label_maps / 'labels.class_sets.npz').is_file()


def test_a_label_outside_the_classes_is_named_with_its_file(label_maps):
    with pytest.raises(ValueError, match=r"label 3 in '.*/labels/1.png' is outside the 3 classes, 0 to 2"):
        sample_labels(segmentation(label_maps))


def test_only_changed_label_maps_are_read_again(label_maps):
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    cache = str(label_maps / 'elsewhere.npz')
    assert np.flatnonzero(scan_label_maps(paths[:3], cache)[1]).tolist() == [2, 3]

    # Damaged files of the same size and time pass unnoticed: these aren't read.
    for path in paths[:2]:
        state = os.stat(path)
        with open(path, 'wb') as file:
            file.write(bytes(state.st_size))
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    Image.new('L', (3, 4), 7).save(paths[2])
    shown = scan_label_maps(paths, cache)
    assert [np.flatnonzero(row).tolist() for row in shown] == [[0, 1, 255], [2, 3], [7], [255], [0, 1, 2]]
    assert (scan_label_maps(paths[3:], cache) == shown[3:]).all()  # another list of the same data

    os.utime(paths[0])
    with pytest.raises(ValueError, match="label map '.*0.png' can't be read"):
        scan_label_maps(paths, cache)


def test_a_damaged_cache_is_made_anew_and_one_that_cant_be_written_is_named(label_maps, caplog, monkeypatch):
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    cache = label_maps / 'labels.class_sets.npz'
    expected = scan_label_maps(paths)
    cache.write_bytes(cache.read_bytes()[:-30])
    np.testing.assert_array_equal(scan_label_maps(paths), expected)
    np.load(cache, allow_pickle=False)['values']
    shown = []
    monkeypatch.setattr('mmgb.datasets.label_maps.print_log', lambda message, *_: shown.append(message))
    np.testing.assert_array_equal(scan_label_maps(paths, str(label_maps / 'nowhere/labels.npz')), expected)
    assert "nowhere/labels.npz' can't be written (No such file or directory)" in shown[-1]


def test_an_image_without_a_label_map_is_refused(label_maps):
    dataset = segmentation(label_maps)
    dataset.get_data_info = lambda index: dict(img_path='x')
    with pytest.raises(ValueError, match='sample 0 of Animals has no label map'):
        sample_labels(dataset)
    os.remove(label_maps / 'labels/2.png')
    with pytest.raises(ValueError, match=r"2.png' can't be read \(FileNotFoundError\)"):
        sample_labels(segmentation(label_maps, reduce_zero_label=True))

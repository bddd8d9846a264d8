"""Classes of label maps against mmsegmentation's own LoadAnnotations, and the cache of the scan."""

import logging
import os

import numpy as np
import pytest
from helpers.damaged_copies import damaged
from mmpretrain.datasets import KFoldDataset
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from mmgb.datasets.label_maps import class_sets, scan_label_maps, training_values
from mmgb.datasets.sample_labels import sample_labels

CLASSES = ['cat', 'dog', 'eel']


def as_lists(sets):
    return [classes.tolist() for classes in sets]


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
def test_classes_are_those_that_training_loads(label_maps, options):
    dataset = segmentation(label_maps, **options)
    expected = [
        sorted(set(np.unique(dataset[index]['gt_seg_map']).tolist()) - {255, dataset.ignore_index})
        for index in range(len(dataset))
    ]
    assert as_lists(class_sets(dataset, 3)) == expected
    assert as_lists(class_sets(dataset, 3)) == expected  # from the cache file
    assert (label_maps / 'labels.class_sets.npz').is_file()


def test_a_label_outside_the_classes_is_refused_with_its_file(label_maps):
    with pytest.raises(ValueError, match=r"label 3 in '.*/labels/1.png': expected a class index from 0 to 2"):
        class_sets(segmentation(label_maps), 3)


def test_a_missing_label_map_is_refused(label_maps):
    dataset = segmentation(label_maps)
    dataset.get_data_info = lambda index: dict(img_path='x')
    with pytest.raises(ValueError, match='^sample 0 of Animals has no label map .*: set data_prefix.seg_map_path$'):
        class_sets(dataset, 3)
    os.remove(label_maps / 'labels/2.png')
    with pytest.raises(ValueError, match=r"2.png' can't be read \(FileNotFoundError\)"):
        class_sets(segmentation(label_maps, reduce_zero_label=True), 3)


def test_only_changed_label_maps_are_read_again(label_maps):
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    cache = str(label_maps / 'elsewhere.npz')
    assert np.flatnonzero(scan_label_maps(paths[:3], cache)[1]).tolist() == [2, 3]

    # A damaged file with the old size and time goes unnoticed, because it isn't read.
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


def test_a_damaged_cache_is_replaced(label_maps):
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    cache = label_maps / 'labels.class_sets.npz'
    expected = scan_label_maps(paths)
    intact = cache.read_bytes()
    cache.write_bytes(intact[:-30])
    np.testing.assert_array_equal(scan_label_maps(paths), expected)
    assert cache.stat().st_size == len(intact)
    assert sorted(path.name for path in label_maps.iterdir()) == ['images', 'labels', 'labels.class_sets.npz']


def test_a_cache_that_cannot_be_written_is_named_in_a_warning(label_maps, monkeypatch):
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    (label_maps / 'file').touch()
    logged = []
    monkeypatch.setattr('mmgb.datasets.label_maps.print_log', lambda *message: logged.append(message))
    shown = scan_label_maps(paths, str(label_maps / 'file/labels.npz'))
    assert np.flatnonzero(shown[1]).tolist() == [2, 3]
    message, _, level = logged[-1]
    assert "file/labels.npz' can't be written (" in message and level == logging.WARNING


@pytest.mark.parametrize(
    'reduce_zero_label, label_map, expected',
    [
        (False, None, {0: 0, 7: 7, 255: 255}),
        (True, None, {0: 255, 7: 6, 255: 255}),
        (False, {7: 2, 8: 7}, {7: 2, 8: 7, 9: 9}),
        (True, {6: 1}, {0: 255, 7: 1, 8: 7}),
        (False, {-1: 0, 300: 1}, {255: 255, 44: 44}),
    ],
)
def test_training_values_apply_reduce_zero_label_before_label_map(reduce_zero_label, label_map, expected):
    found = training_values(reduce_zero_label, label_map)
    assert {value: found[value] for value in expected} == expected


def test_sample_labels_of_a_segmentation_data_set_are_its_class_sets(label_maps):
    dataset = segmentation(label_maps, reduce_zero_label=True)
    cache = label_maps / 'cache.npz'
    assert as_lists(sample_labels(dataset, str(cache))) == as_lists(class_sets(dataset, 3)) and cache.is_file()


@pytest.mark.parametrize('lazy_init', [False, True])
@pytest.mark.parametrize('test_mode', [False, True])
def test_a_fold_of_label_maps_has_the_class_sets_of_its_own_samples(label_maps, test_mode, lazy_init):
    dataset = dict(type=segmentation, folder=label_maps, reduce_zero_label=True, lazy_init=lazy_init)
    fold = KFoldDataset(dataset, fold=1, num_splits=2, seed=3, test_mode=test_mode)
    found = as_lists(sample_labels(fold))
    assert found == [sorted(set(np.unique(fold[index]['gt_seg_map']).tolist()) - {255}) for index in range(len(fold))]
    assert 0 < len(found) < 5


def test_a_cache_may_be_in_the_home_folder(label_maps, monkeypatch):
    monkeypatch.setenv('HOME', str(label_maps / 'home'))
    monkeypatch.chdir(label_maps)
    scan_label_maps([str(label_maps / 'labels/0.png')], '~/sets.npz')
    assert (label_maps / 'home/sets.npz').is_file() and not (label_maps / '~').exists()


SCAN = 'mmgb.datasets.label_maps'
COLOUR_MODES = ['LA', 'RGB', 'RGBA', 'F']


@pytest.mark.parametrize('mode', COLOUR_MODES)
def test_a_label_map_of_several_channels_is_refused_with_its_file_and_shape(mode, tmp_path):
    path = str(tmp_path / f'0.{"tiff" if mode == "F" else "png"}')
    Image.new(mode, (4, 3)).save(path)
    with pytest.raises(ValueError, match=rf"label map '{path}': expected one channel .* got an image of shape \(3, 4"):
        scan_label_maps([path])


@pytest.mark.parametrize('mode', ['1', 'L', 'P', 'I;16'])
def test_label_maps_of_one_channel_are_read_as_training_reads_them(mode, tmp_path):
    path = str(tmp_path / '0.png')
    Image.fromarray(np.array([[0, 1]], np.uint16 if mode == 'I;16' else np.uint8)).convert(mode).save(path)
    expected = np.unique(
        LoadAnnotations()(dict(seg_map_path=path, reduce_zero_label=False, seg_fields=[]))['gt_seg_map']
    )
    assert np.flatnonzero(scan_label_maps([path])[0]).tolist() == expected.tolist()


@pytest.fixture
def cached(label_maps, monkeypatch):
    """Return the paths, the cache file, what a scan finds, and the list of logged messages."""
    paths = [str(label_maps / f'labels/{index}.png') for index in range(5)]
    expected = scan_label_maps(paths)
    logged = []
    monkeypatch.setattr(f'{SCAN}.print_log', lambda message, *_: logged.append(message))
    return paths, label_maps / 'labels.class_sets.npz', expected, logged


def foreign_caches(arrays):
    """Yield arrays that no scan writes, each from those that one wrote."""
    values, states = arrays['values'], arrays['states']
    yield dict(arrays, values=np.unpackbits(values, axis=1))  # of another width
    yield dict(arrays, values=np.repeat(values, 2, 1)[:, ::2].astype(np.uint16))
    yield dict(arrays, values=values[:, :16])
    yield dict(arrays, values=values[:-1])
    yield dict(arrays, values=values.ravel())
    yield dict(arrays, values=values.astype(str))
    yield dict(arrays, states=states[:, :1])
    yield dict(arrays, states=states.astype(float))
    yield dict(arrays, states=states.astype(str))
    yield dict(arrays, names=np.arange(5))
    yield dict(arrays, names=arrays['names'][0])
    yield {name: array for name, array in arrays.items() if name != 'states'}
    yield {name: array for name, array in arrays.items() if name != 'version'}  # of an older mmgb
    yield dict(arrays, version=1)
    yield dict(names=np.zeros(3))


def test_a_foreign_cache_is_ignored_with_a_log_line_and_rebuilt(cached):
    paths, cache, expected, logged = cached
    arrays = dict(np.load(cache))
    for foreign in foreign_caches(arrays):
        np.savez(cache, **foreign)
        logged.clear()
        np.testing.assert_array_equal(scan_label_maps(paths), expected)
        assert logged[0].startswith(f"label_cache='{cache}' is ignored, and all label maps are read again: ")
        logged.clear()
        np.testing.assert_array_equal(scan_label_maps(paths), expected)
        assert not logged  # the new cache is used


@pytest.mark.parametrize('seed', range(3))
def test_no_damage_to_the_cache_changes_the_classes_or_escapes(cached, seed):
    paths, cache, expected, logged = cached
    intact = cache.read_bytes()
    for content in damaged(intact, np.random.default_rng(seed), count=60):
        cache.write_bytes(content)
        np.testing.assert_array_equal(scan_label_maps(paths), expected)
        assert all('is ignored' in message or 'Reading' in message for message in logged)

"""ArrayDataset against mmpretrain's own MNIST and CIFAR10 on the same arrays."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers.fake_data import idx_bytes
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.registry import DATASETS, DefaultScope
from mmpretrain.datasets import CIFAR10, MNIST

SHARED = Path(__file__).parents[3] / 'shared' / 'data'
PACK = [dict(type='PackInputs')]


@pytest.fixture(autouse=True)
def mmpretrain_scope():
    """Let the data sets find ``PackInputs``, whatever scope an earlier test left."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def build(**kwargs):
    return DATASETS.build(dict(type='mmgb.ArrayDataset', **kwargs))


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, 20)


@pytest.fixture
def npz(tmp_path, arrays):
    np.savez(
        tmp_path / 'data.npz',
        x_train=arrays[0],
        y_train=arrays[1].astype(np.uint8),
        x_test=arrays[0][:4],
        y_test=arrays[1][:4, None],
        classes=list('abcdefghij'),
    )
    return tmp_path


def assert_same_samples(ours, theirs):
    assert len(ours) == len(theirs)
    for i in range(len(ours)):
        mine, other = ours[i], theirs[i]
        assert mine.keys() == other.keys()
        assert mine['inputs'].dtype == other['inputs'].dtype and (mine['inputs'] == other['inputs']).all()
        assert mine['data_samples'].all_keys() == other['data_samples'].all_keys()
        assert mine['data_samples'].gt_label.equal(other['data_samples'].gt_label)
        assert mine['data_samples'].metainfo == other['data_samples'].metainfo
    assert np.array_equal(ours.get_gt_labels(), theirs.get_gt_labels())


def test_samples_equal_those_of_mmpretrains_cifar10(npz, arrays, monkeypatch):
    folder = npz / 'cifar-10-batches-py'
    folder.mkdir()
    batch = dict(data=arrays[0].transpose(0, 3, 1, 2).reshape(20, -1), labels=arrays[1].tolist())
    (folder / 'batch').write_bytes(pickle.dumps(batch))
    monkeypatch.setattr(CIFAR10, 'train_list', [['batch', None]])
    monkeypatch.setattr(CIFAR10, '_check_integrity', lambda self: True)
    theirs = CIFAR10(data_root=str(npz), pipeline=PACK, download=False)
    ours = build(data_root=str(npz), images='data.npz', pipeline=PACK)
    assert_same_samples(ours, theirs)
    assert set(ours.get_data_info(3)) == set(theirs.get_data_info(3)) == {'img', 'gt_label', 'sample_idx'}


@pytest.mark.parametrize('compress, suffix', [(bytes, ''), (gzip.compress, '.gz')])
def test_samples_equal_those_of_mmpretrains_mnist(tmp_path, arrays, compress, suffix):
    images, labels = arrays[0][:, :28, :28, 0], arrays[1]
    for part in ('train', 't10k'):
        for name, array in (('images-idx3', images), ('labels-idx1', labels)):
            (tmp_path / f'{part}-{name}-ubyte').write_bytes(idx_bytes(array))
            (tmp_path / f'{part}-{name}-ubyte.gz').write_bytes(gzip.compress(idx_bytes(array)))
    theirs = MNIST(data_root=str(tmp_path), pipeline=PACK, download=False)
    ours = build(
        data_root=str(tmp_path),
        images=f'train-images-idx3-ubyte{suffix}',
        labels=f'train-labels-idx1-ubyte{suffix}',
        pipeline=PACK,
    )
    assert_same_samples(ours, theirs)
    assert ours.get_data_info(0)['img'].shape == (28, 28)


def test_keys_select_the_arrays_and_the_file_provides_class_names(npz, arrays):
    dataset = build(images=str(npz / 'data.npz'), keys=['x_test', 'y_test'], test_mode=True)
    assert len(dataset) == 4 and dataset.get_gt_labels().tolist() == arrays[1][:4].tolist()
    assert dataset.CLASSES == tuple('abcdefghij')
    assert build(images=str(npz / 'data.npz'), classes=list('ABCDEFGHIJ')).CLASSES == tuple('ABCDEFGHIJ')
    assert f'Images: \t{npz}/data.npz' in repr(dataset)


def test_names_that_are_stored_as_bytes_are_decoded(tmp_path, arrays):
    names = ['airplane', 'café', *'cdefghij']
    np.savez(tmp_path / 'data.npz', x_train=arrays[0], y_train=arrays[1], classes=[name.encode() for name in names])
    assert build(images=str(tmp_path / 'data.npz')).CLASSES == tuple(names)


def test_subsets_and_mmengines_wrappers_work(npz, arrays):
    dataset = build(data_root=str(npz), images='data.npz')
    first_pixels = arrays[0][:, 0, 0].tolist()

    def pixels(data):
        return [data[i]['img'][0, 0].tolist() for i in range(len(data))]

    for indices, expected in (
        (5, first_pixels[:5]),
        (-2, first_pixels[-2:]),
        ([3, 3, 0], [first_pixels[3]] * 2 + [first_pixels[0]]),
    ):
        assert pixels(build(data_root=str(npz), images='data.npz', indices=indices)) == expected
        assert pixels(dataset.get_subset(indices)) == expected
    assert pixels(dataset.get_subset([9, 4, 7]).get_subset([2, 0])) == [first_pixels[7], first_pixels[9]]
    assert pixels(RepeatDataset(dataset, times=2)) == first_pixels * 2
    assert pixels(ConcatDataset([dataset, dataset.get_subset(1)])) == [*first_pixels, first_pixels[0]]
    assert len(ClassBalancedDataset(dataset, oversample_thr=1e-6)) == 20
    with pytest.raises(IndexError):
        dataset[20]


def test_a_transform_that_writes_into_an_image_leaves_the_data_unchanged(npz, arrays):
    def blacken(results):
        results['img'][:] = 0
        return results

    dataset = build(data_root=str(npz), images='data.npz', pipeline=[blacken])
    assert not dataset[0]['img'].any() and (dataset.get_data_info(0)['img'] == arrays[0][0]).all()


@pytest.mark.parametrize(
    'change, message',
    [
        (
            dict(y_train=np.arange(19)),
            r'labels: expected an integer for each of the 20 .*, got int64 of shape \(19,\)',
        ),
        (dict(y_train=np.zeros(20)), 'labels: expected an integer for each of the 20 images, got float64'),
        (dict(y_train=np.arange(20) - 1), 'label of image 0: expected a class index from 0 to 9, got -1'),
        (dict(y_train=np.arange(20)), 'label of image 10: expected a class index from 0 to 9, got 10'),
        (dict(x_train=np.zeros((20, 3, 32, 32), np.uint8)), r'images.shape=\(20, 3, 32, 32\): expected'),
        (dict(x_train=np.zeros((20, 32, 32, 3))), 'images.dtype=float64: expected uint8'),
        (dict(x_train=np.zeros((0, 32, 32, 3), np.uint8)), r'images.shape=\(0, 32, 32, 3\): expected .* not empty'),
        (dict(x_train=None), "expected an array 'x_train', got only y_train, classes"),
        (dict(classes=np.arange(10)), r"expected a list of names in the array 'classes', got int64 of shape \(10,\)"),
        (dict(classes=[list('abcdefghij')]), r"of names in the array 'classes', got <U1 of shape \(1, 10\)"),
        (dict(classes=[b'\xff'] * 10), "expected names in UTF-8 in the array 'classes', got b'"),
        (
            dict(x_train=np.array([None] * 20)),
            'expected an intact .npz file without pickled objects: ',
        ),
    ],
)
def test_invalid_arrays_are_refused_with_the_name_of_the_file(tmp_path, arrays, change, message):
    content = dict(x_train=arrays[0], y_train=arrays[1], classes=list('abcdefghij'))
    content.update(change)
    np.savez(tmp_path / 'data.npz', **{key: value for key, value in content.items() if value is not None})
    with pytest.raises(ValueError, match=f"^'.*data.npz'.*{message}"):
        build(data_root=str(tmp_path), images='data.npz')


@pytest.mark.parametrize('files', [dict(images='a.npz', labels='b'), dict(images='a-idx3-ubyte')])
def test_one_npz_or_two_idx_files_are_expected(files):
    with pytest.raises(ValueError, match='expected one .npz file, or two IDX files'):
        build(**files)


def test_mnist_has_its_known_class_counts_and_first_labels():
    if not (SHARED / 'mnist').is_dir():
        pytest.skip(f'needs the files of MNIST in {SHARED}/mnist')
    train, test = (
        build(
            data_root=str(SHARED / 'mnist'),
            images=f'{part}-images-idx3-ubyte.gz',
            labels=f'{part}-labels-idx1-ubyte.gz',
        )
        for part in ('train', 't10k')
    )
    assert np.bincount(train.get_gt_labels()).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test[0]['img'].shape == (28, 28) and [test[i]['gt_label'] for i in range(5)] == [7, 2, 1, 0, 4]

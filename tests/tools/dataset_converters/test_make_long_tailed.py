"""make_long_tailed.py: counts, seeds and untouched arrays."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.converters import assert_refused, convert

TOOL = 'make_long_tailed'
SHARED = Path(__file__).parents[4] / 'shared' / 'data'
CIFAR10_LT100 = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]  # the numbers the field uses


def make(*arguments):
    return convert(TOOL, *arguments)


def write_npz(path, per_class=500, num_classes=10, **changes):
    """Write images of one pixel; the colour of a training image is its number."""
    count = per_class * num_classes
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(num_classes), per_class)).astype(np.uint8)
    pixels = np.arange(count)[:, None] // 256 ** np.arange(3) % 256
    arrays = dict(
        x_train=pixels.astype(np.uint8).reshape(count, 1, 1, 3),
        y_train=labels,
        x_test=np.arange(60, dtype=np.uint8).reshape(20, 1, 1, 3),
        y_test=np.arange(20) % num_classes,
        classes=[str(i) for i in range(num_classes)],
    )
    arrays.update(changes)
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def numbers(arrays):
    return (arrays['x_train'].reshape(-1, 3).astype(int) * 256 ** np.arange(3)).sum(1)


def test_counts_are_those_of_cifar10_lt_and_images_keep_labels_and_order(tmp_path):
    source = write_npz(tmp_path / 'in.npz', per_class=5000)
    result = make(source, tmp_path / 'out.npz')
    assert result.returncode == 0 and ', '.join(map(str, CIFAR10_LT100)) in result.stdout
    before, after = np.load(source), np.load(tmp_path / 'out.npz')
    assert np.bincount(after['y_train']).tolist() == CIFAR10_LT100
    chosen = numbers(after)
    assert (np.diff(chosen) > 0).all() and (before['y_train'][chosen] == after['y_train']).all()
    assert after['x_train'].dtype == np.uint8 and after['y_train'].dtype == np.uint8


@pytest.mark.parametrize('ratio', [1, 10, 50.5, 500])
def test_counts_fall_geometrically_from_the_first_class_to_a_ratio_th_of_it(tmp_path, ratio):
    assert make(write_npz(tmp_path / 'in.npz'), tmp_path / 'out.npz', '--ratio', ratio).returncode == 0
    counts = np.bincount(np.load(tmp_path / 'out.npz')['y_train'])
    exact = 500 * (1 / ratio) ** (np.arange(10) / 9)
    assert counts[0] == 500 and ((exact - 1 < counts) & (counts <= exact + 1e-6)).all()


def test_the_test_set_and_every_other_array_are_copied_unchanged(tmp_path):
    source = write_npz(tmp_path / 'in.npz', note=np.arange(3))
    make(source, tmp_path / 'out.npz')
    before, after = np.load(source), np.load(tmp_path / 'out.npz')
    assert set(before.files) == set(after.files)
    for key in set(before.files) - {'x_train', 'y_train'}:
        assert (before[key] == after[key]).all() and before[key].dtype == after[key].dtype


def test_the_seed_only_decides_which_images_are_drawn(tmp_path):
    source = write_npz(tmp_path / 'in.npz')
    drawn = {}
    for name, seed in (('a', 0), ('b', 0), ('c', 1)):
        make(source, tmp_path / f'{name}.npz', '--seed', seed)
        drawn[name] = np.load(tmp_path / f'{name}.npz')
    assert numbers(drawn['a']).tolist() == numbers(drawn['b']).tolist() != numbers(drawn['c']).tolist()
    assert np.bincount(drawn['a']['y_train']).tolist() == np.bincount(drawn['c']['y_train']).tolist()


def test_keras_labels_of_shape_n_1_keep_their_shape(tmp_path):
    labels = np.repeat(np.arange(10), 500)[:, None]
    make(write_npz(tmp_path / 'in.npz', y_train=labels), tmp_path / 'out.npz', '--ratio', 10)
    assert np.load(tmp_path / 'out.npz')['y_train'].shape[1:] == (1,)


@pytest.mark.parametrize(
    'options, message',
    [
        (['--ratio', 0.5], '--ratio=0.5: expected at least 1'),
        (['--ratio', 'nan'], '--ratio=nan: expected at least 1'),
        (['--ratio', 501], '--ratio=501: expected at most 500, the size of the smallest class, because class 9'),
        (['--seed', -1], '--seed=-1: expected at least 0'),
    ],
)
def test_options_out_of_range_are_refused_by_name(tmp_path, options, message):
    assert_refused(make(write_npz(tmp_path / 'in.npz'), tmp_path / 'out.npz', *options), TOOL, message)
    assert not (tmp_path / 'out.npz').exists()


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(y_train=None), "expected an array 'y_train', got only x_train, x_test, y_test, classes"),
        (dict(y_train=np.zeros(3, int)), 'expected in y_train a class index for each of the 5000 images'),
        (dict(y_train=np.zeros(5000)), 'expected in y_train a class index'),
        (dict(y_train=np.repeat([0, 2], 2500)), 'expected images of every class, got none of class 1'),
    ],
)
def test_invalid_arrays_are_refused(tmp_path, changes, message):
    result = make(write_npz(tmp_path / 'in.npz', **changes), tmp_path / 'out.npz')
    assert_refused(result, TOOL, 'in.npz', message)


def test_invalid_files_are_refused(tmp_path):
    source = write_npz(tmp_path / 'in.npz')
    assert_refused(make(tmp_path / 'no.npz', tmp_path / 'out.npz'), TOOL, 'no.npz')
    assert_refused(make(source, source), TOOL, 'expected another file than IN')
    assert_refused(make(source, tmp_path / 'out.zip'), TOOL, 'expected a name that ends with .npz')
    (tmp_path / 'text.npz').write_text('text')
    assert_refused(make(tmp_path / 'text.npz', tmp_path / 'out.npz'), TOOL, "text.npz': expected an intact .npz file")


@pytest.mark.slow
def test_cifar10_itself_becomes_cifar10_lt(tmp_path):
    if not (SHARED / 'cifar10').is_dir():
        pytest.skip(f'needs the images of CIFAR-10 in {SHARED}/cifar10')
    subprocess.run([sys.executable, SHARED / 'cifar10_to_npz.py', tmp_path / 'in.npz'], check=True)
    assert make(tmp_path / 'in.npz', tmp_path / 'out.npz').returncode == 0
    before, after = np.load(tmp_path / 'in.npz'), np.load(tmp_path / 'out.npz')
    assert np.bincount(after['y_train']).tolist() == CIFAR10_LT100
    assert after['x_test'].shape == (10000, 32, 32, 3) and (after['x_test'] == before['x_test']).all()


def test_a_label_far_beyond_the_number_of_images_is_refused_before_it_fills_the_memory(tmp_path):
    labels = np.arange(20)
    labels[7] = 10**11
    result = make(write_npz(tmp_path / 'in.npz', per_class=2, y_train=labels), tmp_path / 'out.npz')
    assert_refused(result, TOOL, 'expected images of every class, got 20 and label 100000000000')

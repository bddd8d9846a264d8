"""make_digit_tuples.py: images and classes of several digits, disjoint splits, seeds and invalid input."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from helpers.fake_data import idx_bytes, write_idx

from mmgb.datasets.array_dataset import ArrayDataset

TOOL = 'make_digit_tuples'
SHARED = Path(__file__).parents[4] / 'shared' / 'data'
SMALL = '--train', 40, '--val', 20, '--test', 30
NUMBERS = dict(train=60, t10k=12)  # digits of the made MNIST


def make(*arguments):
    return convert(TOOL, *arguments)


@pytest.fixture
def mnist(tmp_path):
    """Folder in the form of MNIST whose digit number i, of 4x6 pixels, has the class i % 10.

    Each digit has its own number in its upper left 2x2 pixels, test digits plus 100, and noise elsewhere.
    """
    folder, rng = tmp_path / 'mnist', np.random.default_rng(0)
    folder.mkdir()
    for part, count in NUMBERS.items():
        images = rng.integers(0, 256, (count, 4, 6), dtype=np.uint8)
        images[:, :2, :2] = (np.arange(count) + (100 if part == 't10k' else 0))[:, None, None]
        write_idx(folder / f'{part}-images-idx3-ubyte.gz', images)
        write_idx(folder / f'{part}-labels-idx1-ubyte.gz', np.arange(count) % 10)
    return folder


def read_images(folder, part):
    content = gzip.decompress((folder / f'{part}-images-idx3-ubyte.gz').read_bytes())
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 4, 6)


@pytest.mark.parametrize('length', [1, 2, 3])
def test_each_image_shows_halved_digits_of_its_split_and_its_class_spells_them(mnist, tmp_path, length):
    out = tmp_path / 'out.npz'
    result = make(mnist, out, '--digits', length, *SMALL)
    assert result.returncode == 0, result
    assert f'40 train, 20 val, 30 test images of 2x{3 * length} pixels and {10**length} classes' in result.stdout
    assert '90 of 90 images' in result.stderr
    found = np.load(out)
    # The digits that each split may show, by the number in their first pixel.
    allowed = dict(train=range(50), val=range(50, 60), test=range(100, 112))
    for split, numbers in allowed.items():
        images, labels = found[f'x_{split}'], found[f'y_{split}']
        assert images.dtype == np.uint8 and images.shape == (len(labels), 2, 3 * length)
        source = read_images(mnist, 't10k' if split == 'test' else 'train').astype(float)
        for image, label in zip(images, labels):
            shown = [image[0, 3 * place] for place in range(length)]
            assert set(shown) <= set(numbers)
            assert label == int(''.join(str(number % 100 % 10) for number in shown))
            for place, number in enumerate(shown):
                digit = source[number % 100]
                means = [[digit[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean() for x in range(3)] for y in range(2)]
                assert image[:, 3 * place : 3 * place + 3].tolist() == np.floor(np.add(means, 0.5)).tolist()
    assert found['classes'].tolist() == [str(label).zfill(length) for label in range(10**length)]


def test_a_seed_makes_the_same_file_and_each_split_has_its_own_draw(mnist, tmp_path):
    arguments = dict(a=SMALL, b=SMALL, c=(*SMALL, '--seed', 1), d=('--train', 50, *SMALL[2:]))
    for name, options in arguments.items():
        assert make(mnist, tmp_path / f'{name}.npz', '--digits', 2, *options).returncode == 0
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()
    a, c, d = (np.load(tmp_path / f'{name}.npz') for name in 'acd')
    assert (a['y_train'] != c['y_train']).any()
    assert (a['x_val'] == d['x_val']).all() and (a['x_test'] == d['x_test']).all()


def test_array_dataset_reads_the_file_with_its_classes(mnist, tmp_path):
    make(mnist, tmp_path / 'out.npz', '--digits', 2, *SMALL)
    dataset = ArrayDataset('out.npz', keys=('x_val', 'y_val'), data_root=str(tmp_path))
    assert len(dataset) == 20 and len(dataset.CLASSES) == 100 and dataset.CLASSES[7] == '07'


def test_files_without_gzip_compression_are_read(mnist, tmp_path):
    make(mnist, tmp_path / 'a.npz', '--digits', 2, *SMALL)
    for path in mnist.iterdir():
        path.with_suffix('').write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert make(mnist, tmp_path / 'b.npz', '--digits', 2, *SMALL).returncode == 0
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


@pytest.mark.parametrize(
    'options, message',
    [
        (['--digits', 0], '--digits=0: expected at least 1'),
        (['--digits', 7], '--digits=7: expected at most 6'),
        (['--digits', 2, '--val', 0], '--val=0: expected at least 1'),
        (['--digits', 2, '--seed', -1], '--seed=-1: expected at least 0'),
    ],
)
def test_options_out_of_range_are_refused_by_name(mnist, tmp_path, options, message):
    assert_refused(make(mnist, tmp_path / 'out.npz', *options), TOOL, message)
    assert not (tmp_path / 'out.npz').exists()


def test_invalid_files_are_refused_and_an_earlier_result_is_kept(mnist, tmp_path):
    out = tmp_path / 'out.npz'
    make(mnist, out, '--digits', 1, *SMALL)
    before = out.read_bytes()
    assert_refused(make(mnist, tmp_path / 'out.zip', '--digits', 2), TOOL, 'expected a name that ends with .npz')
    assert_refused(make(tmp_path / 'none', out, '--digits', 2), TOOL, 'train-images-idx3-ubyte.gz')
    images, labels = (mnist / f't10k-{kind}-ubyte.gz' for kind in ('images-idx3', 'labels-idx1'))
    kept = labels.read_bytes()
    for wrong, got in ((np.arange(12), '0 to 11'), (np.arange(5), 'shape (5,)')):
        write_idx(labels, wrong)
        message = 'expected in t10k-labels a digit from 0 to 9 for each of the 12 images'
        assert_refused(make(mnist, out, '--digits', 2), TOOL, message, got)
    labels.write_bytes(kept)
    write_idx(images, np.zeros((12, 3, 6)))
    assert_refused(make(mnist, out, '--digits', 2), TOOL, 'expected in t10k-images uint8 images of even height')
    images.write_bytes(idx_bytes(np.zeros((12, 4, 6)))[:-1])
    assert_refused(make(mnist, out, '--digits', 2), TOOL, 't10k-images', 'for an IDX file of shape (12, 4, 6)')
    assert out.read_bytes() == before


def test_too_few_training_digits_to_hold_some_out_are_refused(mnist, tmp_path):
    write_idx(mnist / 'train-images-idx3-ubyte.gz', np.zeros((5, 4, 6)))
    write_idx(mnist / 'train-labels-idx1-ubyte.gz', np.arange(5))
    result = make(mnist, tmp_path / 'out.npz', '--digits', 2)
    assert_refused(result, TOOL, 'expected at least 6 training digits, got 5')


@pytest.mark.slow
def test_mnist_itself_makes_every_class_of_a_pair(tmp_path):
    if not (SHARED / 'mnist').is_dir():
        pytest.skip(f'needs the files of MNIST in {SHARED}/mnist')
    assert make(SHARED / 'mnist', tmp_path / 'out.npz', '--digits', 2).returncode == 0
    found = np.load(tmp_path / 'out.npz')
    counts = np.bincount(found['y_train'], minlength=100)
    # Drawn independently: about 400 images of each of 100 classes, MNIST's own imbalance included.
    assert found['x_train'].shape == (40000, 14, 28) and counts.min() > 250 and counts.max() < 600

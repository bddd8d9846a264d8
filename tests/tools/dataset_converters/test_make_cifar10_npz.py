"""make_cifar10_npz.py: every image with its label, in its order, and nothing read from a damaged file."""

import hashlib
import pickle

import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from torchvision.datasets import CIFAR10

from mmgb.datasets.array_dataset import ArrayDataset

TOOL = 'make_cifar10_npz'
NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
PER_FILE = 4
SPLITS = {'train': [f'data_batch_{number}' for number in range(1, 6)], 'test': ['test_batch']}


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """Write CIFAR-10's files with four images each, make their checksums the expected ones, and return the images."""
    folder = tmp_path / 'cifar-10-batches-py'
    folder.mkdir()

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return hashlib.md5((folder / name).read_bytes()).hexdigest()

    rng, images = np.random.default_rng(0), {}
    for split, names in SPLITS.items():
        images[split] = rng.integers(256, size=(len(names) * PER_FILE, 32, 32, 3), dtype=np.uint8)
        planes = images[split].transpose(0, 3, 1, 2).reshape(len(names), PER_FILE, 3072)  # red, green, blue
        files = [
            [name, write(name, dict(data=data, labels=[(4 * number + i) % 10 for i in range(PER_FILE)]))]
            for number, (name, data) in enumerate(zip(names, planes))
        ]
        monkeypatch.setattr(CIFAR10, f'{split}_list', files)
    meta = dict(filename='batches.meta', key='label_names', md5=write('batches.meta', dict(label_names=NAMES)))
    monkeypatch.setattr(CIFAR10, 'meta', meta)
    return images


def test_the_configs_data_set_reads_every_image_with_its_label_in_rgb(cifar10, tmp_path):
    result = convert(TOOL, tmp_path, tmp_path / 'out.npz')
    assert result.returncode == 0 and result.stdout.startswith('Wrote 20 training and 4 test images')
    for split, images in cifar10.items():
        settings = dict(images='out.npz', keys=(f'x_{split}', f'y_{split}'), classes=NAMES, pipeline=[])
        dataset = ArrayDataset(data_root=str(tmp_path), **settings)
        assert len(dataset) == len(images)
        for index, image in enumerate(images):
            sample = dataset[index]
            np.testing.assert_array_equal(sample['img'], image)
            assert sample['gt_label'] == index % 10
    assert np.load(tmp_path / 'out.npz')['classes'].tolist() == NAMES


@pytest.mark.parametrize('name', [*SPLITS['train'], *SPLITS['test'], 'batches.meta'])
@pytest.mark.parametrize('damage', ['missing', 'changed'])
def test_no_file_may_be_missing_or_changed(cifar10, tmp_path, name, damage):
    path = tmp_path / 'cifar-10-batches-py' / name
    path.unlink() if damage == 'missing' else path.write_bytes(path.read_bytes()[:-1] + b'x')
    refused = convert(TOOL, tmp_path, tmp_path / 'out.npz')
    assert_refused(refused, TOOL, f'IN={tmp_path}', 'cifar-10-batches-py', 'missing or has another checksum')
    assert not (tmp_path / 'out.npz').exists()


def test_another_suffix_is_refused_before_anything_is_read(tmp_path):
    assert_refused(convert(TOOL, tmp_path / 'none', tmp_path / 'out.npy'), TOOL, 'OUT=', 'ends with .npz')

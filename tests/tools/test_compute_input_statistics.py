"""compute_input_statistics.py: the mean and the covariance of a training set's values."""

import numpy as np
import pytest
from helpers.fake_data import write_idx
from helpers.tiny_runs import run


def compute(folder, *arguments):
    return run(folder, 'dataset_converters/compute_input_statistics.py', *arguments)


def test_they_are_numpys_for_idx_and_npz_files_in_more_than_one_block(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5000, 3, 2), dtype=np.uint8)
    write_idx(tmp_path / 'images.gz', images)
    np.savez(tmp_path / 'images.npz', other=images)
    for source, options in (('images.gz', []), ('images.npz', ['--key', 'other'])):
        result = compute(tmp_path, source, 'out.npz', *options)
        assert result.returncode == 0 and 'of 5000 images of 6 values' in result.stdout
        found = np.load(tmp_path / 'out.npz')
        assert np.allclose(found['mean'], images.reshape(5000, 6).mean(0))
        assert np.allclose(found['covariance'], np.cov(images.reshape(5000, 6).T))


@pytest.mark.parametrize(
    'array, arguments, complaint',
    [
        (np.zeros((4, 2)), ['in.npz', 'out.npz', '--key', 'y'], "no 'y' in it"),
        (np.zeros((4, 2)), ['in.npz', 'in.npz'], 'is IN itself'),
        (np.zeros((4, 2)), ['in.npz', 'out'], 'end with .npz'),
        (np.zeros((1, 2)), ['in.npz', 'out.npz'], 'expected at least two images'),
        (np.zeros((4, 2)), ['no.npz', 'out.npz'], 'no.npz'),
    ],
)
def test_bad_input_ends_in_one_sentence(tmp_path, array, arguments, complaint):
    np.savez(tmp_path / 'in.npz', x_train=array)
    result = compute(tmp_path, *arguments)
    assert result.returncode == 2 and complaint in result.stdout and result.stdout.count('\n') == 1

"""compute_input_statistics.py against numpy's mean and covariance."""

import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from helpers.fake_data import write_idx

TOOL = 'compute_input_statistics'


def test_mean_and_covariance_are_numpys_for_idx_and_npz_files_of_several_blocks(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5000, 3, 2), dtype=np.uint8)
    write_idx(tmp_path / 'images.gz', images)
    np.savez(tmp_path / 'images.npz', other=images)
    for source, options in (('images.gz', []), ('images.npz', ['--key', 'other'])):
        result = convert(TOOL, tmp_path / source, tmp_path / 'out.npz', *options)
        assert result.returncode == 0 and 'of 5000 images of 6 values' in result.stdout
        assert '5000 of 5000 images, ' in result.stderr  # the progress
        found = np.load(tmp_path / 'out.npz')
        assert np.allclose(found['mean'], images.reshape(5000, 6).mean(0))
        assert np.allclose(found['covariance'], np.cov(images.reshape(5000, 6).T))


@pytest.mark.parametrize(
    'array, arguments, message',
    [
        (np.zeros((4, 2)), ['in.npz', 'out.npz', '--key', 'y'], "in.npz': expected an array 'y', got only x_train"),
        (np.zeros((4, 2)), ['in.npz', 'in.npz'], 'expected another file than IN'),
        (np.zeros((4, 2)), ['in.npz', 'out'], 'expected a name that ends with .npz'),
        (np.zeros((1, 2)), ['in.npz', 'out.npz'], 'expected at least two images of numbers, got float64 of shape'),
        (np.zeros((4, 2)), ['no.npz', 'out.npz'], 'no.npz'),
    ],
)
def test_invalid_input_is_refused(tmp_path, monkeypatch, array, arguments, message):
    monkeypatch.chdir(tmp_path)
    np.savez('in.npz', x_train=array)
    assert_refused(convert(TOOL, *arguments), TOOL, message)
    assert [path.name for path in tmp_path.iterdir()] == ['in.npz']

"""Readers of IDX and .npz files."""

import gzip

import numpy as np
import pytest
from helpers.fake_data import idx_bytes

from mmgb.datasets.array_files import read_idx, read_npz

ARRAY = np.arange(80).reshape(5, 4, 4)


@pytest.mark.parametrize('compress', [bytes, gzip.compress])
def test_an_idx_file_is_read_with_and_without_compression(tmp_path, compress):
    (tmp_path / 'file').write_bytes(compress(idx_bytes(ARRAY)))
    found = read_idx(tmp_path / 'file')
    assert found.dtype == np.uint8 and (found == ARRAY).all()


def test_multi_byte_numbers_of_idx_files_are_big_endian(tmp_path):
    array = np.array([[1, 256], [70000, -2]])
    (tmp_path / 'file').write_bytes(bytes([0, 0, 0x0C, 2, 0, 0, 0, 2, 0, 0, 0, 2]) + array.astype('>i4').tobytes())
    assert (read_idx(tmp_path / 'file') == array).all()


@pytest.mark.parametrize(
    'content, message',
    [
        (b'no idx file', "file': expected an IDX file, got one that begins with b'no i'"),
        (b'', "expected an IDX file, got one that begins with b''"),
        (idx_bytes(ARRAY)[:-3], r'expected 96 bytes for an IDX file of shape \(5, 4, 4\), got 93'),
        (gzip.compress(idx_bytes(ARRAY))[:-9], 'expected a complete gzip file'),
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path, content, message):
    (tmp_path / 'file').write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / 'file')


@pytest.fixture
def npz(tmp_path):
    np.savez(tmp_path / 'data.npz', a=np.zeros(2), b=np.ones(3), c=np.arange(4))
    return tmp_path / 'data.npz'


@pytest.mark.parametrize('optional, names', [((), 'a'), (('c', 'z'), 'ac'), (None, 'abc')])
def test_an_npz_is_read_by_required_and_optional_names(npz, optional, names):
    found = read_npz(npz, ['a'], optional)
    assert sorted(found) == list(names) and (found['a'] == 0).all()


def test_a_missing_array_is_named_with_those_in_the_file(npz):
    with pytest.raises(ValueError, match="data.npz': expected an array 'x', got only a, b, c"):
        read_npz(npz, ['a', 'x'])


@pytest.mark.parametrize('damage', [lambda content: content[: len(content) // 2], lambda _: b'no zip', lambda _: b''])
def test_a_damaged_npz_is_refused(npz, damage):
    npz.write_bytes(damage(npz.read_bytes()))
    with pytest.raises(ValueError, match="data.npz': expected an intact .npz file"):
        read_npz(npz, ['a'])


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / 'data.npz', a=np.array([None, {}]))
    with pytest.raises(ValueError, match='without pickled objects: Object arrays cannot be loaded'):
        read_npz(tmp_path / 'data.npz', ['a'])

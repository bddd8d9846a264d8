"""Readers of IDX and .npz files."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from helpers.damaged_copies import damaged
from helpers.fake_data import idx_bytes

from mmgb.datasets.array_files import read_idx, read_npy, read_npz
from mmgb.functional.errors import ConfigError

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


def saved(save, *args, **arrays):
    file = io.BytesIO()
    save(file, *args, **arrays)
    return file.getvalue()


FORMATS = {
    'npz': (saved(np.savez, a=ARRAY, b=np.arange(3)), lambda path: read_npz(path, ['a'], None)),
    'compressed npz': (saved(np.savez_compressed, a=ARRAY, b=np.arange(3)), lambda path: read_npz(path, ['a'], None)),
    'npy': (saved(np.save, ARRAY), read_npy),
    'idx': (idx_bytes(ARRAY), read_idx),
    'compressed idx': (gzip.compress(idx_bytes(ARRAY)), read_idx),
}


@pytest.mark.parametrize('name', FORMATS)
@pytest.mark.parametrize('seed', range(3))
def test_damage_of_any_kind_is_one_sentence_or_harmless(tmp_path, name, seed):
    content, read = FORMATS[name]
    path = tmp_path / 'file'
    refused = 0
    for copy in damaged(content, np.random.default_rng(seed), count=200):
        path.write_bytes(copy)
        try:
            read(path)
        except ConfigError as error:
            refused += 1
            assert str(error).startswith(f"'{path}': expected ") and len(str(error)) < 600
    assert refused > 40


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_no_flipped_bit_of_an_npz_changes_an_array(tmp_path, save):
    content = saved(save, a=ARRAY)
    path = tmp_path / 'file'
    for place in range(0, len(content), 3):
        copy = bytearray(content)
        copy[place] ^= 16
        path.write_bytes(copy)
        try:
            found = read_npz(path, ['a'])['a']
        except ConfigError:
            continue
        np.testing.assert_array_equal(found, ARRAY)


def huge_header(shape):
    header = repr(dict(descr='<f8', fortran_order=False, shape=shape)).encode()
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header


def zipped(entry, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        archive.writestr('a.npy', entry)
    return file.getvalue()


HOSTILE = {
    'more memory than there is': (zipped(huge_header((1 << 50,))), lambda path: read_npz(path, ['a'])),
    'an overflowing shape': (zipped(huge_header((1 << 62, 1 << 62))), lambda path: read_npz(path, ['a'])),
    'an unknown compression': (
        zipped(saved(np.save, ARRAY)).replace(b'\x14\0\0\0\0\0', b'\x14\0\0\0\x63\0'),
        lambda path: read_npz(path, ['a']),
    ),
    'less than the entry holds': (zipped(saved(np.save, ARRAY) + b'more'), lambda path: read_npz(path, ['a'])),
    'an array instead of an archive': (saved(np.save, ARRAY), lambda path: read_npz(path, ['a'])),
    'an archive instead of an array': (saved(np.savez, a=ARRAY), read_npy),
    'an npy of more memory than there is': (huge_header((1 << 50,)), read_npy),
    'data after an npy': (saved(np.save, ARRAY) + b'more', read_npy),
    'an IDX file of 255 dimensions': (bytes([0, 0, 8, 255]) + bytes(255 * 4), read_idx),
    'an IDX shape that overflows': (bytes([0, 0, 8, 4]) + bytes([128, 0, 0, 0]) * 4, read_idx),
    'half an IDX header': (bytes([0, 0, 8, 9]), read_idx),
}


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_headers_are_refused(tmp_path, name):
    content, read = HOSTILE[name]
    (tmp_path / 'file').write_bytes(content)
    with pytest.raises(ConfigError, match=f"^'{tmp_path}/file': expected "):
        read(tmp_path / 'file')

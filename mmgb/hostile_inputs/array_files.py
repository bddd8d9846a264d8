"""Damaged array files: .npy, .npz, IDX with and without compression, and the cache of classes in label maps."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from mmgb.datasets.array_files import read_idx, read_npy, read_npz
from mmgb.datasets.label_maps import scan_label_maps

from .campaign import REFUSED, UNCHANGED, VALID, WRONG, Attempt
from .damage import with_a_foreign_entry, with_damaged_bytes

ARRAY = np.arange(240, dtype=np.int16).reshape(5, 6, 8)


def damaged_arrays(folder: Path) -> Attempt:
    """Damage array files. Without a checksum another array may be valid, if an independent reader finds it too."""
    contents = _intact_files()
    readers = {
        'npy': (lambda path: read_npy(path), _plain_npy),
        'npz': (lambda path: read_npz(path, ['images'])['images'], _plain_npz),
        'idx': (lambda path: read_idx(path), _plain_idx),
        'gz': (lambda path: read_idx(path), lambda content: _plain_idx(zlib.decompress(content, 31))),
    }

    def attempt(rng: np.random.Generator) -> str:
        name = list(contents)[int(rng.integers(len(contents)))]
        kind = int(rng.integers(7 if name == 'npz' else 6))
        damage = (
            with_a_foreign_entry(contents[name], rng) if kind == 6 else with_damaged_bytes(contents[name], rng, kind)
        )
        path = folder / f'array.{name}'
        path.write_bytes(damage)
        read, read_plainly = readers[name]
        found = read(path)
        if _equal(found, ARRAY):
            return UNCHANGED
        return VALID if _equal(found, read_plainly(damage)) else WRONG

    return attempt


def damaged_caches(folder: Path) -> Attempt:
    """Damage the cache of the classes in label maps. It must be ignored, or give the classes of the label maps."""
    rng = np.random.default_rng(0)
    paths = [str(folder / f'labels/{index}.png') for index in range(4)]
    (folder / 'labels').mkdir()
    for path in paths:
        Image.fromarray(rng.integers(0, 5, (6, 8), dtype=np.uint8)).save(path)
    cache = folder / 'labels.class_sets.npz'
    expected = scan_label_maps(paths)
    intact = cache.read_bytes()

    def attempt(rng: np.random.Generator) -> str:
        kind = int(rng.integers(7))
        cache.write_bytes(with_a_foreign_entry(intact, rng) if kind == 6 else with_damaged_bytes(intact, rng, kind))
        damaged = cache.read_bytes()
        if not np.array_equal(scan_label_maps(paths), expected):
            return WRONG
        return UNCHANGED if cache.read_bytes() == damaged else REFUSED  # a refused cache is written anew

    return attempt


def _intact_files() -> dict[str, bytes]:
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, ARRAY)
    np.savez(npz, images=ARRAY, labels=np.arange(5))
    idx = bytes([0, 0, 0x0B, 3]) + struct.pack('>3I', *ARRAY.shape) + ARRAY.astype('>i2').tobytes()
    return dict(npy=npy.getvalue(), npz=npz.getvalue(), idx=idx, gz=gzip.compress(idx, mtime=0))


def _equal(one: np.ndarray, other: np.ndarray | None) -> bool:
    if other is None or one.shape != other.shape or one.dtype.newbyteorder('=') != other.dtype.newbyteorder('='):
        return False
    return one.tobytes() == other.astype(one.dtype).tobytes()


def _plain_npy(content: bytes) -> np.ndarray | None:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    file = io.BytesIO()
    np.save(file, array)
    return array if len(content) == len(file.getvalue()) or len(content) > array.nbytes else None


def _plain_npz(content: bytes) -> np.ndarray:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays['images']


def _plain_idx(content: bytes) -> np.ndarray | None:
    sizes = struct.unpack_from(f'>{content[3]}I', content, 4)
    kind = {8: '>u1', 9: '>i1', 11: '>i2', 12: '>i4', 13: '>f4', 14: '>f8'}[content[2]]
    values = np.frombuffer(content[4 + 4 * content[3] :], kind)
    return values.reshape(sizes) if content[:2] == b'\0\0' else None

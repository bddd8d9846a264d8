"""Readers of array files: numpy's .npy and .npz, and MNIST's IDX files with or without gzip compression.

A file may have any content. Opening it may raise an OSError; whatever its content causes becomes a ConfigError.
"""

from __future__ import annotations

import gzip
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from mmgb.functional.errors import ConfigError

# The third byte of an IDX file is the type, the fourth the number of dimensions; all numbers are big-endian.
IDX_TYPES = {0x08: 'u1', 0x09: 'i1', 0x0B: '>i2', 0x0C: '>i4', 0x0D: '>f4', 0x0E: '>f8'}


def read_idx(path: str | Path) -> np.ndarray:
    """Read the array of an IDX file. Format: MNIST database, section "The IDX file format".

    Raises:
        ValueError: if it is not an IDX file, or its size contradicts its header.
    """
    content = Path(path).read_bytes()
    if content.startswith(b'\x1f\x8b'):
        with _refuse_damage(path, 'a complete gzip file, got an error on decompression'):
            content = gzip.decompress(content)
    if len(content) < 4 or content[:2] != b'\0\0' or content[2] not in IDX_TYPES:
        raise ConfigError(f"'{path}': expected an IDX file, got one that begins with {content[:4]!r}")
    dtype, dimensions = np.dtype(IDX_TYPES[content[2]]), content[3]
    header = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], 'big') for at in range(4, header, 4))
    expected = header + dtype.itemsize * math.prod(shape)
    if len(content) != expected:
        raise ConfigError(f"'{path}': expected {expected} bytes for an IDX file of shape {shape}, got {len(content)}")
    with _refuse_damage(path, 'an IDX file of a shape that numpy supports'):
        return np.frombuffer(content, dtype, offset=header).reshape(shape)


def read_npy(path: str | Path) -> np.ndarray:
    """Read the array of an .npy file. Pickled objects are refused.

    Raises:
        ValueError: if it is not an intact .npy file.
    """
    with open(path, 'rb') as file, _refuse_damage(path, 'an .npy file without pickled objects'):
        return _read_array(file)


def read_npz(path: str | Path, required: Sequence[str], optional: Sequence[str] | None = ()) -> dict[str, np.ndarray]:
    """Read arrays of an .npz file by name. Pickled objects are refused, and checksums verified.

    Args:
        path (str | Path): the file.
        required (Sequence[str]): names of arrays that the file must have.
        optional (Sequence[str] | None): names of arrays to read if the file has them; None reads all others. Default:
            none of them.

    Raises:
        ValueError: if it is not an intact .npz file, or lacks a required array.
    """
    with open(path, 'rb') as file, _refuse_damage(path, 'an intact .npz file without pickled objects'):
        archive = zipfile.ZipFile(file)
        members = {name.removesuffix('.npy'): name for name in archive.namelist()}
        missing = [key for key in required if key not in members]
        if missing:
            raise ConfigError(f"expected an array '{missing[0]}', got only {', '.join(members)}")
        arrays = {}
        for key, name in members.items():
            if optional is None or key in (*required, *optional):
                with archive.open(name) as member:
                    arrays[key] = _read_array(member)
        return arrays


def _read_array(file: IO[bytes]) -> np.ndarray:
    """Read an .npy file to its end, where zipfile verifies its checksum."""
    array = np.lib.format.read_array(file, allow_pickle=False)
    if file.read(1):
        raise ValueError('more data than its header says')
    return array


@contextmanager
def _refuse_damage(path: str | Path, expected: str) -> Iterator[None]:
    """Raise errors of any type in the block as a ConfigError that names the file and what is ``expected``."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"'{path}': {error}") from error
    except Exception as error:  # numpy, zipfile and zlib raise errors of many types, even MemoryError
        raise ConfigError(f"'{path}': expected {expected}: {str(error) or type(error).__name__}") from error

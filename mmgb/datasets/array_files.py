"""Images and labels in array files: numpy's .npz, and MNIST's idx files, compressed by gzip or not."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmgb.functional.errors import ConfigError

# Of the third byte of an idx file; its fourth is the number of dimensions, and all numbers are big-endian.
IDX_TYPES = {0x08: 'u1', 0x09: 'i1', 0x0B: '>i2', 0x0C: '>i4', 0x0D: '>f4', 0x0E: '>f8'}


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an idx file. Source: the page of the MNIST database, "The IDX file format".

    Raises:
        ValueError: if the file is none, or holds another number of bytes than it says.
    """
    try:
        content = Path(path).read_bytes()
        if content.startswith(b'\x1f\x8b'):
            content = gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigError(f"'{path}' can't be decompressed: {error}") from error
    if len(content) < 4 or content[:2] != b'\0\0' or content[2] not in IDX_TYPES:
        raise ConfigError(f"'{path}' is not an idx file: it begins with {content[:4]!r}")
    dtype, dimensions = np.dtype(IDX_TYPES[content[2]]), content[3]
    header = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], 'big') for at in range(4, header, 4))
    expected = header + dtype.itemsize * int(np.prod(shape))
    if len(content) != expected:
        raise ConfigError(f"'{path}' has {len(content)} bytes, but an idx file of shape {shape} has {expected}")
    return np.frombuffer(content, dtype, offset=header).reshape(shape)


def read_npz(path: str | Path, required: Sequence[str], optional: Sequence[str] | None = ()) -> dict[str, np.ndarray]:
    """The arrays ``required`` of an .npz file, and those of ``optional`` that it has. Pickled objects aren't read.

    Args:
        optional: None stands for all others.

    Raises:
        ValueError: if the file is none or damaged, or lacks a required array.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            absent = [key for key in required if key not in file.files]
            if absent:
                raise ConfigError(f"there is no '{absent[0]}' in it, only {', '.join(file.files)}")
            return {key: file[key] for key in file.files if optional is None or key in (*required, *optional)}
    except (EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ConfigError(f"'{path}' can't be used as an .npz file: {error}") from error

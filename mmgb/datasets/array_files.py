"""Readers of array files: numpy's .npz, and MNIST's IDX files with or without gzip compression."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmgb.functional.errors import ConfigError

# The third byte of an IDX file is the type, the fourth the number of dimensions; all numbers are big-endian.
IDX_TYPES = {0x08: 'u1', 0x09: 'i1', 0x0B: '>i2', 0x0C: '>i4', 0x0D: '>f4', 0x0E: '>f8'}


def read_idx(path: str | Path) -> np.ndarray:
    """Read the array of an IDX file. Format: MNIST database, section "The IDX file format".

    Raises:
        ValueError: if it is not an IDX file, or its size contradicts its header.
    """
    try:
        content = Path(path).read_bytes()
        if content.startswith(b'\x1f\x8b'):
            content = gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigError(f"'{path}': expected a complete gzip file, got an error on decompression: {error}") from error
    if len(content) < 4 or content[:2] != b'\0\0' or content[2] not in IDX_TYPES:
        raise ConfigError(f"'{path}': expected an IDX file, got one that begins with {content[:4]!r}")
    dtype, dimensions = np.dtype(IDX_TYPES[content[2]]), content[3]
    header = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], 'big') for at in range(4, header, 4))
    expected = header + dtype.itemsize * int(np.prod(shape))
    if len(content) != expected:
        raise ConfigError(f"'{path}': expected {expected} bytes for an IDX file of shape {shape}, got {len(content)}")
    return np.frombuffer(content, dtype, offset=header).reshape(shape)


def read_npz(path: str | Path, required: Sequence[str], optional: Sequence[str] | None = ()) -> dict[str, np.ndarray]:
    """Read arrays of an .npz file by name. Pickled objects are refused.

    Args:
        path (str | Path): the file.
        required (Sequence[str]): names of arrays that the file must have.
        optional (Sequence[str] | None): names of arrays to read if the file has them; None reads all others. Default:
            none of them.

    Raises:
        ValueError: if it is not an intact .npz file, or lacks a required array.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in required if key not in file.files]
            if missing:
                raise ConfigError(f"expected an array '{missing[0]}', got only {', '.join(file.files)}")
            return {key: file[key] for key in file.files if optional is None or key in (*required, *optional)}
    except ConfigError as error:
        raise ConfigError(f"'{path}': {error}") from error
    except (EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ConfigError(f"'{path}': expected an intact .npz file without pickled objects: {error}") from error

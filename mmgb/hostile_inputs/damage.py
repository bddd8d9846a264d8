"""Damage the content of a file in the ways in which files get damaged."""

from __future__ import annotations

import io
import zipfile

import numpy as np


def with_damaged_bytes(content: bytes, rng: np.random.Generator, kind: int) -> bytes:
    """Return a copy with one kind of damage.

    Args:
        content (bytes): at least one byte.
        rng (np.random.Generator): draws the place.
        kind (int): 0 a flipped bit, 1 eight other bytes, 2 a truncation, 3 up to 39 bytes left out, 4 20 flipped bits,
            5 a part repeated elsewhere.
    """
    copy = bytearray(content)
    place = int(rng.integers(len(copy)))
    if kind == 0:
        copy[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        copy[place : place + 8] = rng.bytes(8)
    elif kind == 2:
        del copy[place:]
    elif kind == 3:
        del copy[place : place + int(rng.integers(1, 40))]
    elif kind == 4:
        for each in rng.integers(len(copy), size=20):
            copy[each] ^= 1 << int(rng.integers(8))
    else:
        copy[place:place] = copy[: int(rng.integers(1, 64))]
    return bytes(copy)


def with_a_foreign_entry(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a valid zip archive in which one entry holds damaged bytes, under a matching checksum."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()
    chosen = names[int(rng.integers(len(names)))]
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as copy:
        for name in names:
            entry = bytearray(archive.read(name))
            if name == chosen:  # its header, where shape and type are
                entry[int(rng.integers(min(len(entry), 128)))] = int(rng.integers(32, 127))
            copy.writestr(name, bytes(entry))
    return file.getvalue()

"""Damaged copies of the content of a file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np

from mmgb.hostile_inputs.damage import with_a_foreign_entry, with_damaged_bytes


def damaged(content: bytes, rng: np.random.Generator, count: int) -> Iterator[bytes]:
    """Yield ``count`` damaged copies: flipped bits, other bytes, truncations, and foreign entries of zip files."""
    for number in range(count):
        if number % 6 == 5 and zipfile.is_zipfile(io.BytesIO(content)):
            yield with_a_foreign_entry(content, rng)
        else:
            yield with_damaged_bytes(content, rng, number % 6)

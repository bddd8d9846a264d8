"""Damaged image files: PNG, which has checksums, and JPEG, which has none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mmgb.utils.image_decoding import decode_completely

from .campaign import REFUSED, UNCHANGED, VALID, WRONG, Attempt
from .damage import with_damaged_bytes

TRUNCATION = 2  # see mmgb.hostile_inputs.damage.with_damaged_bytes
SIZE = (40, 32)


def damaged_images(folder: Path) -> Attempt:
    """Damage an image. A PNG must keep its pixels and a truncated JPEG too; other damage may give another image.

    ``decode_completely`` documents that it passes on Pillow's errors of any type, which the tools turn into a sentence.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    contents = {kind: _encoded(pixels, kind) for kind in ('png', 'jpeg')}
    expected = {kind: decode_completely(content) for kind, content in contents.items()}

    def attempt(rng: np.random.Generator) -> str:
        kind, damage = ('png', 'jpeg')[int(rng.integers(2))], int(rng.integers(6))
        content = with_damaged_bytes(contents[kind], rng, damage)
        try:
            found = decode_completely(content)
        except Exception:  # documented
            return REFUSED
        if np.array_equal(found, expected[kind]):
            return UNCHANGED
        if kind == 'png' or damage == TRUNCATION or found.dtype != np.uint8:
            return WRONG
        with Image.open(io.BytesIO(content)) as image:
            return VALID if found.shape in ((*image.size[::-1], 3), (*image.size, 3)) else WRONG

    return attempt


def _encoded(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()

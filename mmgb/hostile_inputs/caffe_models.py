"""Damaged Caffe models, whose format has no checksum: only weights may change, never names and shapes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from mmgb.conversion.caffe_layers import convert_layers
from mmgb.conversion.caffe_model import read_caffe_model

from .campaign import UNCHANGED, VALID, WRONG, Attempt
from .damage import with_damaged_bytes

SHAPES = {'a.weight': (4, 3, 3, 3), 'a.bias': (4,), 'b.weight': (5, 36), 'b.bias': (5,)}
MODULES = {'conv1': 'a', 'fc2': 'b'}


def damaged_caffe_models(folder: Path) -> Attempt:
    """Damage a model. Accepted parameters must have the model's shapes, and bytes that the file holds."""
    rng = np.random.default_rng(0)
    values = {key: rng.standard_normal(shape).astype('<f4') for key, shape in SHAPES.items()}
    intact = _model(values)

    def attempt(rng: np.random.Generator) -> str:
        content = with_damaged_bytes(intact, rng, int(rng.integers(6)))
        found = convert_layers(read_caffe_model(content), MODULES, SHAPES)
        if set(found.parameters) | set(found.unfilled) != set(SHAPES) or set(found.parameters) & set(found.unfilled):
            return WRONG
        for key, parameter in found.parameters.items():
            if parameter.shape != SHAPES[key] or parameter.dtype != np.float32 or parameter.tobytes() not in content:
                return WRONG
        complete = not found.unfilled and not found.unmapped
        same = complete and all(np.array_equal(found.parameters[key], values[key]) for key in SHAPES)
        return UNCHANGED if same else VALID

    return attempt


def _model(values: dict[str, np.ndarray]) -> bytes:
    """Encode two layers in Caffe's format: fields of a number and a length, or of a number and an integer."""

    def integer(number: int) -> bytes:
        return bytes([number & 127 | 128]) + integer(number >> 7) if number > 127 else bytes([number])

    def field(number: int, content: bytes) -> bytes:
        return integer(8 * number + 2) + integer(len(content)) + content

    def blob(array: np.ndarray) -> bytes:
        sizes = b''.join(map(integer, array.shape))
        return field(7, field(1, sizes)) + field(5, struct.pack(f'<{array.size}f', *array.reshape(-1).tolist()))

    layers = b''
    for name, module in MODULES.items():
        blobs = b''.join(field(7, blob(values[f'{module}.{kind}'])) for kind in ('weight', 'bias'))
        layers += field(100, field(1, name.encode()) + field(2, b'Layer') + blobs)
    return field(1, b'a net') + layers

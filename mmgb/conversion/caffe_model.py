"""Read Caffe's binary models without Caffe.

The field numbers are those of Caffe's ``src/caffe/proto/caffe.proto``: messages NetParameter, LayerParameter,
V1LayerParameter, BlobProto and BlobShape.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np

from mmgb.functional.errors import ConfigError

from .protobuf import as_bytes, as_floats, as_integers, read_fields

NET_LAYERS_V1, NET_LAYER = 2, 100
LAYER_NAME, LAYER_BLOBS = 1, 7
V1_LAYER_V0, V1_LAYER_NAME, V1_LAYER_BLOBS = 1, 4, 6
BLOB_SIZES = (1, 2, 3, 4)  # num, channels, height and width, in files without a BlobShape
BLOB_DATA, BLOB_SHAPE, BLOB_DOUBLE_DATA = 5, 7, 8
SHAPE_DIM = 1
MOST_DIMENSIONS, LARGEST_SIZE = 32, 2**31 - 1  # Caffe's kMaxBlobAxes and INT_MAX


class CaffeLayer(NamedTuple):
    """A layer of a Caffe model.

    Attributes:
        name (str): name of the layer.
        blobs (tuple[np.ndarray, ...]): parameters of the layer, usually a weight and a bias, or none.
    """

    name: str
    blobs: tuple[np.ndarray, ...]


def read_caffe_model(data: bytes) -> list[CaffeLayer]:
    """Return the layers of a ``.caffemodel`` in the order of the file.

    Args:
        data (bytes): content of the file, in the new (field ``layer``) or the old format (field ``layers``, V1).

    Returns:
        list[CaffeLayer]: layers whose parameters are little-endian float32 or float64 views of ``data``. Old files
        store four sizes for every parameter: a bias of n values has the shape (1, 1, 1, n).

    Raises:
        ConfigError: if ``data`` is not such a model, is damaged, or has the first format (V0).
    """
    layers = []
    for number, wire_type, value in read_fields(memoryview(data)):
        if number == NET_LAYER:
            layers.append(_read_layer(as_bytes(number, wire_type, value), LAYER_NAME, LAYER_BLOBS))
        elif number == NET_LAYERS_V1:
            message = as_bytes(number, wire_type, value)
            if any(field == V1_LAYER_V0 for field, _, _ in read_fields(message)):
                raise ConfigError(
                    "expected Caffe's format V1 or newer, got V0: convert it with Caffe's upgrade_net_proto_binary"
                )
            layers.append(_read_layer(message, V1_LAYER_NAME, V1_LAYER_BLOBS))
    if not layers:
        raise ConfigError('expected a Caffe model, got no layers')
    return layers


def _read_layer(message: memoryview, name_field: int, blobs_field: int) -> CaffeLayer:
    name, blobs = '', []
    for number, wire_type, value in read_fields(message):
        if number == name_field:
            name = str(as_bytes(number, wire_type, value), 'utf-8', 'replace')
        elif number == blobs_field:
            blobs.append(as_bytes(number, wire_type, value))
    return CaffeLayer(
        name,
        tuple(
            _with_context(f"parameter {index} of the layer '{name}'", _read_blob, blob)
            for index, blob in enumerate(blobs)
        ),
    )


def _read_blob(message: memoryview) -> np.ndarray:
    sizes, shape, singles, doubles = dict.fromkeys(BLOB_SIZES, 0), None, [], []
    for number, wire_type, value in read_fields(message):
        if number in sizes:
            (sizes[number],) = as_integers(number, wire_type, value)
        elif number == BLOB_SHAPE:
            shape = _read_shape(as_bytes(number, wire_type, value))
        elif number == BLOB_DATA:
            singles.append(as_floats(number, wire_type, value, '<f4'))
        elif number == BLOB_DOUBLE_DATA:
            doubles.append(as_floats(number, wire_type, value, '<f8'))
    shape = tuple(sizes.values() if shape is None else shape)
    if max(shape, default=0) > LARGEST_SIZE:
        raise ConfigError(f'expected sizes up to {LARGEST_SIZE}, got the shape {shape}')
    parts = doubles or singles  # like Caffe, prefer the doubles if both exist
    values = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, '<f4'), *parts])
    if values.size != prod(shape):
        raise ConfigError(f'expected {prod(shape)} values for the shape {shape}, got {values.size}')
    return values.reshape(shape)


def _read_shape(message: memoryview) -> list[int]:
    """Return the sizes in a BlobShape."""
    shape = []
    for field in read_fields(message):
        if field[0] == SHAPE_DIM:
            shape += as_integers(*field)
        if len(shape) > MOST_DIMENSIONS:
            raise ConfigError(f'expected a shape of at most {MOST_DIMENSIONS} dimensions, got more')
    return shape


def _with_context(place: str, read: Callable[[memoryview], np.ndarray], message: memoryview) -> np.ndarray:
    """Call ``read(message)`` and put ``place`` in front of its error message."""
    try:
        return read(message)
    except ValueError as error:
        raise ConfigError(f'{place}: {error}') from error

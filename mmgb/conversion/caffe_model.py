"""Reads Caffe's binary models, without Caffe.

The field numbers are those of Caffe's ``src/caffe/proto/caffe.proto``: messages NetParameter, LayerParameter,
V1LayerParameter, BlobProto and BlobShape.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np

from mmgb.functional.errors import ConfigError

from .protobuf import as_bytes, as_floats, as_integers, read_fields

NET_LAYERS_V1, NET_LAYER = 2, 100
LAYER_NAME, LAYER_BLOBS = 1, 7
V1_LAYER_V0, V1_LAYER_NAME, V1_LAYER_BLOBS = 1, 4, 6
BLOB_SIZES = (1, 2, 3, 4)  # num, channels, height, width of files that have no shape
BLOB_DATA, BLOB_SHAPE, BLOB_DOUBLE_DATA = 5, 7, 8
SHAPE_DIM = 1


class CaffeLayer(NamedTuple):
    """A layer's name and its parameters: as a rule weight and bias, or none."""

    name: str
    blobs: tuple[np.ndarray, ...]


def read_caffe_model(data: bytes) -> list[CaffeLayer]:
    """The layers of a ``.caffemodel``, in its order, old (``layers``) or new (``layer``) format.

    The parameters are views of ``data``, little-endian float32 or float64. Old files have four sizes for each of them:
    a bias of n values is (1, 1, 1, n).

    Raises:
        ValueError: if ``data`` is no such model, is damaged, or of the format before the old one (V0).
    """
    layers = []
    for number, wire_type, value in read_fields(memoryview(data)):
        if number == NET_LAYER:
            layers.append(_read_layer(as_bytes(number, wire_type, value), LAYER_NAME, LAYER_BLOBS))
        elif number == NET_LAYERS_V1:
            message = as_bytes(number, wire_type, value)
            if any(field == V1_LAYER_V0 for field, _, _ in read_fields(message)):
                raise ConfigError(
                    "its layers are of Caffe's first format (V0): write it anew with Caffe's upgrade_net_proto_binary"
                )
            layers.append(_read_layer(message, V1_LAYER_NAME, V1_LAYER_BLOBS))
    if not layers:
        raise ConfigError('it holds no layers of Caffe')
    return layers


def _read_layer(message: memoryview, name_field: int, blobs_field: int) -> CaffeLayer:
    name, blobs = '', []
    for number, wire_type, value in read_fields(message):
        if number == name_field:
            name = str(as_bytes(number, wire_type, value), 'utf-8')
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
            shape = [
                size
                for field in read_fields(as_bytes(number, wire_type, value))
                if field[0] == SHAPE_DIM
                for size in as_integers(*field)
            ]
        elif number == BLOB_DATA:
            singles.append(as_floats(number, wire_type, value, '<f4'))
        elif number == BLOB_DOUBLE_DATA:
            doubles.append(as_floats(number, wire_type, value, '<f8'))
    shape = tuple(sizes.values()) if shape is None else tuple(shape)
    parts = doubles or singles  # Caffe, too, takes the doubles where there are both
    values = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, '<f4'), *parts])
    if values.size != prod(shape):
        raise ConfigError(f"its {values.size} values don't fit its shape {shape}")
    return values.reshape(shape)


def _with_context(place: str, read: Callable, message: memoryview):
    try:
        return read(message)
    except ValueError as error:
        raise ConfigError(f'{place}: {error}') from error

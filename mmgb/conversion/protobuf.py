"""Read the wire format of Protocol Buffers.

A message is a sequence of fields, each a key, ``number << 3 | wire type``, and a value. The message's definition, which
is not part of the message, gives the numbers their meaning (https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmgb.functional.errors import ConfigError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


def read_fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yield the number, wire type and value of each field, in the order of the message.

    The value of a varint is an int >= 0; any other value is a view of the message's bytes.

    Raises:
        ConfigError: if a field extends beyond the end of the message, or if the bytes are not a field.
    """
    position = 0
    while position < len(message):
        start = position
        key, position = read_varint(message, position)
        number, wire_type = key >> 3, key & 7
        if number == 0 or wire_type not in (VARINT, BYTES, *FIXED_SIZES):
            raise ConfigError(
                f'byte {start}: expected a field of a protobuf message, got number {number} with wire type {wire_type}'
            )
        if wire_type == VARINT:
            value, position = read_varint(message, position)
            yield number, wire_type, value
            continue
        if wire_type == BYTES:
            size, position = read_varint(message, position)
        else:
            size = FIXED_SIZES[wire_type]
        if size > len(message) - position:
            raise ConfigError(
                f'field {number} at byte {start}: expected {size} bytes, got {len(message) - position} (truncated file)'
            )
        yield number, wire_type, message[position : position + size]
        position += size


def read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return the integer at ``position`` and the position after it. A varint has seven bits per byte, lowest first."""
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    raise ConfigError(f'byte {position}: expected an integer, got more than 10 bytes or the end of the message')


def as_bytes(number: int, wire_type: int, value: int | memoryview) -> memoryview:
    """Return the value of a field that must contain a message or a text."""
    if wire_type != BYTES:
        raise ConfigError(f'field {number}: expected wire type {BYTES} (a message or a text), got {wire_type}')
    return value


def as_integers(number: int, wire_type: int, value: int | memoryview) -> list[int]:
    """Return the value of a field of integers: a single one, or packed ones."""
    if wire_type == VARINT:
        return [value]
    integers, position, packed = [], 0, as_bytes(number, wire_type, value)
    while position < len(packed):
        integer, position = read_varint(packed, position)
        integers.append(integer)
    return integers


def as_floats(number: int, wire_type: int, value: int | memoryview, dtype: str) -> np.ndarray:
    """Return the value of a field of floats, a single one or packed ones, as a view of the message's bytes.

    Args:
        number (int): number of the field, for the error message.
        wire_type (int): wire type of the field.
        value (int | memoryview): value of the field.
        dtype (str): '<f4' or '<f8'.
    """
    itemsize = np.dtype(dtype).itemsize
    if wire_type == VARINT or FIXED_SIZES.get(wire_type, itemsize) != itemsize or len(value) % itemsize:
        size = 'an integer' if wire_type == VARINT else f'{len(value)} bytes'
        raise ConfigError(f'field {number}: expected floats of {itemsize} bytes, got {size}')
    return np.frombuffer(value, dtype)

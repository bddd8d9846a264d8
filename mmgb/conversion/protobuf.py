"""Protocol Buffers' wire format, as far as reading a message of known fields needs it.

A message is a sequence of fields: a key, ``number << 3 | wire type``, and a value. What the numbers mean stands in the
message's definition, not in the message (https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmgb.functional.errors import ConfigError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


def read_fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yields (number, wire type, value) of each field, in the order in which they stand.

    A varint's value is an int >= 0, any other's the bytes, not copied.

    Raises:
        ValueError: if a field doesn't end where the message does, or before; or for bytes that are no field.
    """
    position = 0
    while position < len(message):
        start = position
        key, position = read_varint(message, position)
        number, wire_type = key >> 3, key & 7
        if number == 0 or wire_type not in (VARINT, BYTES, *FIXED_SIZES):
            raise ConfigError(
                f'its byte {start} begins no field of a protobuf message (number {number}, wire type {wire_type})'
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
                f'it is truncated: its field {number} at byte {start} has {size} bytes, and only '
                f'{len(message) - position} are left'
            )
        yield number, wire_type, message[position : position + size]
        position += size


def read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """The integer at ``position``, seven bits a byte, the lowest first; and the position behind it."""
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    raise ConfigError(f'it is truncated, or its byte {position} begins no integer')


def as_bytes(number: int, wire_type: int, value: int | memoryview) -> memoryview:
    """The value of a field that must hold a message or a text."""
    if wire_type != BYTES:
        raise ConfigError(f'its field {number} has wire type {wire_type}; expected {BYTES}, a message or a text')
    return value


def as_integers(number: int, wire_type: int, value: int | memoryview) -> list[int]:
    """The value of a field of integers: one, or packed ones."""
    if wire_type == VARINT:
        return [value]
    integers, position, packed = [], 0, as_bytes(number, wire_type, value)
    while position < len(packed):
        integer, position = read_varint(packed, position)
        integers.append(integer)
    return integers


def as_floats(number: int, wire_type: int, value: int | memoryview, dtype: str) -> np.ndarray:
    """The value of a field of ``dtype`` '<f4' or '<f8': one, or packed ones; a view of the message's bytes."""
    itemsize = np.dtype(dtype).itemsize
    if wire_type == VARINT or FIXED_SIZES.get(wire_type, itemsize) != itemsize or len(value) % itemsize:
        raise ConfigError(f'its field {number} (wire type {wire_type}) holds no numbers of {itemsize} bytes')
    return np.frombuffer(value, dtype)

import struct

import numpy as np
import pytest
from helpers import caffe_files as caffe

from mmgb.conversion.protobuf import BYTES, FIXED32, FIXED64, VARINT, as_bytes, as_floats, as_integers, read_fields
from mmgb.functional.errors import ConfigError


def test_fields_of_every_wire_type_are_read_in_order():
    message = (
        caffe.field(1, 300)
        + caffe.field(2, 'text')
        + caffe.varint(8 * 3 + FIXED32)
        + struct.pack('<f', 1.5)
        + caffe.varint(8 * 1000 + FIXED64)
        + struct.pack('<d', 2.5)
    )
    assert [
        (number, kind, value if kind == VARINT else bytes(value)) for number, kind, value in read_fields(message)
    ] == [
        (1, VARINT, 300),
        (2, BYTES, b'text'),
        (3, FIXED32, struct.pack('<f', 1.5)),
        (1000, FIXED64, struct.pack('<d', 2.5)),
    ]


def test_the_varint_of_the_documentation_is_150():
    # https://protobuf.dev/programming-guides/encoding: field 1 with the bytes 08 96 01
    assert list(read_fields(memoryview(b'\x08\x96\x01'))) == [(1, VARINT, 150)]


def test_single_and_packed_numbers_have_the_same_values():
    assert as_integers(1, VARINT, 7) == [7]
    assert as_integers(1, BYTES, memoryview(caffe.varint(7) + caffe.varint(300))) == [7, 300]
    packed = struct.pack('<2f', 1.5, -2.0)
    np.testing.assert_array_equal(as_floats(1, BYTES, memoryview(packed), '<f4'), [1.5, -2.0])
    np.testing.assert_array_equal(as_floats(1, FIXED32, memoryview(packed[:4]), '<f4'), [1.5])


@pytest.mark.parametrize(
    'read, message',
    [
        (lambda: list(read_fields(caffe.field(1, 'text')[:-1])), 'field 1 at byte 0: expected 4 bytes, got 3'),
        (lambda: list(read_fields(b'\x08' + b'\xff' * 11)), 'byte 1: expected an integer'),
        (lambda: list(read_fields(b'\x03')), 'byte 0: expected a field of a protobuf message'),
        (lambda: as_bytes(4, VARINT, 1), r'field 4: expected wire type 2 \(a message or a text\), got 0'),
        (lambda: as_floats(4, VARINT, 1, '<f4'), 'field 4: expected floats of 4 bytes, got an integer'),
        (lambda: as_floats(4, FIXED64, bytes(8), '<f4'), 'field 4: expected floats of 4 bytes, got 8 bytes'),
    ],
)
def test_an_invalid_message_is_refused_with_its_place(read, message):
    with pytest.raises(ConfigError, match=f'^{message}'):
        read()

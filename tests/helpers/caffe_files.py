"""Write Caffe models with an independent encoder of protobuf's wire format."""

import struct


def varint(number):
    """Encode an integer >= 0, seven bits per byte."""
    groups = []
    while True:
        number, low = divmod(number, 128)
        groups.append(low + 128 * (number > 0))
        if not number:
            return bytes(groups)


def field(number, value):
    """Encode a field: an integer as a varint, bytes or text with their length."""
    if isinstance(value, int):
        return varint(8 * number) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(8 * number + 2) + varint(len(value)) + value


def numbers(values, kind):
    """Pack an array as little-endian floats ('f') or doubles ('d')."""
    flat = [float(value) for value in values.reshape(-1)]
    return struct.pack(f'<{len(flat)}{kind}', *flat)


def blob(values, double=False):
    """Encode a BlobProto with ``shape`` and packed data."""
    shape = field(7, field(1, b''.join(varint(size) for size in values.shape)))
    return shape + field(8 if double else 5, numbers(values, 'd' if double else 'f'))


def old_blob(values):
    """Encode a BlobProto with num, channels, height and width; sizes are padded with leading ones."""
    sizes = (1,) * (4 - values.ndim) + tuple(values.shape)
    return b''.join(field(number, size) for number, size in zip((1, 2, 3, 4), sizes)) + field(5, numbers(values, 'f'))


def layer(name, *blobs, kind='Convolution'):
    """Encode a LayerParameter as a field of the net, with other fields that a reader of weights must skip."""
    return field(
        100,
        field(1, name)
        + field(2, kind)
        + field(3, 'data')
        + b''.join(field(7, each) for each in blobs)
        + field(10, 1)
        + field(106, field(1, 64) + varint(8 * 7 + 5) + struct.pack('<f', 1.5)),
    )


def old_layer(name, *blobs, kind=4):
    """Encode a V1LayerParameter as a field of the net."""
    return field(
        2,
        field(2, 'data')
        + field(4, name)
        + field(5, kind)
        + b''.join(field(6, each) for each in blobs)
        + field(7, struct.pack('<2f', 1, 2)),
    )


def model(*layers):
    """Encode a NetParameter."""
    return field(1, 'a net') + field(3, 'data') + b''.join(layers)

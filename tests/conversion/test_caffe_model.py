import struct
import time

import numpy as np
import pytest
from helpers import caffe_files as caffe

from mmgb.conversion.caffe_model import read_caffe_model
from mmgb.functional.errors import ConfigError

WEIGHT = np.random.default_rng(0).standard_normal((2, 3, 1, 5))
BIAS = np.array([1.5, -2.25])


def same(found, expected):
    assert found.shape == expected.shape and (found == expected).all()


def test_layers_of_the_new_format_keep_names_order_shapes_and_values():
    data = caffe.model(caffe.layer('conv/a', caffe.blob(WEIGHT), caffe.blob(BIAS)), caffe.layer('relu', kind='ReLU'))
    first, second = read_caffe_model(data)
    assert (first.name, second.name) == ('conv/a', 'relu') and second.blobs == ()
    same(first.blobs[0], WEIGHT.astype(np.float32))
    same(first.blobs[1], BIAS)


def test_parameters_of_the_old_format_have_four_sizes():
    first, second = read_caffe_model(
        caffe.model(
            caffe.old_layer('conv', caffe.old_blob(WEIGHT), caffe.old_blob(BIAS)), caffe.old_layer('pool', kind=17)
        )
    )
    same(first.blobs[0], WEIGHT.astype(np.float32))
    same(first.blobs[1], BIAS.reshape(1, 1, 1, 2))
    assert second == ('pool', ())


def test_double_data_keeps_its_precision():
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', caffe.blob(WEIGHT, double=True))))
    assert layer.blobs[0].dtype == np.float64
    same(layer.blobs[0], WEIGHT)


def test_unpacked_numbers_and_numbers_packed_in_pieces_are_read():
    single = b''.join(caffe.varint(8 * 5 + 5) + struct.pack('<f', value) for value in (1, 2, 3))
    pieces = caffe.field(5, struct.pack('<f', 4)) + caffe.field(5, struct.pack('<2f', 5, 6))
    dims = caffe.field(7, caffe.field(1, 2) + caffe.field(1, 3))
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', dims + single + pieces)))
    same(layer.blobs[0], np.array([[1, 2, 3], [4, 5, 6.0]]))


def test_stored_gradients_are_ignored():
    both = caffe.blob(BIAS) + caffe.field(6, struct.pack('<2f', 7, 8))
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', both)))
    same(layer.blobs[0], BIAS)


def test_a_truncated_file_is_refused_unless_the_cut_is_between_layers():
    data = caffe.model(caffe.layer('a', caffe.blob(BIAS)), caffe.layer('b', caffe.blob(BIAS)))
    whole = 0
    for size in range(len(data)):
        try:
            layers = read_caffe_model(data[:size])
        except ValueError:
            continue
        whole += 1
        assert [layer.name for layer in layers] == ['a']
        same(layers[0].blobs[0], BIAS)
    assert whole == 1  # the cut between the two layers


@pytest.mark.parametrize(
    'data, sentence',
    [
        (b'', 'expected a Caffe model, got no layers'),
        (b'name: "a net"\nlayer {}', 'byte 0: expected a field of a protobuf message'),
        (b'\x89HDF\r\n\x1a\n' + bytes(64), 'expected a field'),
        (b'PK\x03\x04' + bytes(64), 'expected a field'),
        (b'\xff' * 40, 'byte 0: expected an integer'),
        (caffe.field(1, 'no layers'), 'expected a Caffe model, got no layers'),
        (caffe.field(100, 5), 'field 100: expected wire type 2 (a message or a text), got 0'),
        (
            caffe.model(caffe.layer('fc', caffe.blob(BIAS)))[:-3],
            'field 100 at byte 13: expected 52 bytes, got 49 (truncated file)',
        ),
        (
            caffe.model(caffe.layer('fc', caffe.blob(BIAS)[:-1])),
            "parameter 0 of the layer 'fc': field 5 at byte 5: expected 8 bytes, got 7",
        ),
        (
            caffe.model(caffe.layer('fc', caffe.blob(BIAS) + caffe.field(5, bytes(8)))),
            "parameter 0 of the layer 'fc': expected 2 values for the shape (2,), got 4",
        ),
        (caffe.model(caffe.layer('fc', caffe.field(5, bytes(7)))), 'field 5: expected floats of 4 bytes, got 7 bytes'),
        (
            caffe.model(caffe.layer('fc', caffe.field(7, caffe.field(1, 6)))),
            'expected 6 values for the shape (6,), got 0',
        ),
        (caffe.field(2, caffe.field(1, caffe.field(1, 'conv1'))), 'format V1 or newer, got V0'),
    ],
)
def test_an_invalid_model_is_refused_in_one_sentence(data, sentence):
    with pytest.raises(ValueError) as error:
        read_caffe_model(data)
    assert sentence in str(error.value) and '\n' not in str(error.value)


def shaped(*dims, packed=True, values=b''):
    """Encode a model with one blob of the given shape and data."""
    sizes = b''.join(map(caffe.varint, dims))
    shape = caffe.field(1, sizes) if packed else b''.join(caffe.field(1, size) for size in dims)
    return caffe.model(caffe.layer('x', caffe.field(7, shape) + caffe.field(5, values)))


@pytest.mark.parametrize('packed', [True, False])
@pytest.mark.parametrize(
    'dims, said',
    [
        ([1] * 33, 'expected a shape of at most 32 dimensions, got more'),
        ([2**62] * 20_000, 'at most 32 dimensions'),
        ([3] * 500_000, 'at most 32 dimensions'),
        ([2**31], 'expected sizes up to 2147483647'),
        ([0, 2**63], 'expected sizes up to 2147483647'),
        ([2**31 - 1] * 32, 'parameter 0'),
        ([0] + [2**31 - 1] * 31, 'parameter 0'),
    ],
    ids=['33', '20000', '500000', 'int', 'zero', 'largest', 'empty'],
)
def test_a_shape_of_any_size_is_refused_early_and_in_a_short_sentence(dims, said, packed):
    data, start = shaped(*dims, packed=packed), time.process_time()
    with pytest.raises(ConfigError, match=said) as refusal:
        read_caffe_model(data)
    assert len(str(refusal.value)) <= 500 and time.process_time() - start < 5


@pytest.mark.parametrize(
    'data',
    [
        caffe.model(caffe.layer('x' * 10**6, caffe.field(5, b'abc'))),
        caffe.model(caffe.layer(b'\xff' * 10**6, caffe.field(5, b'abc'))),
        caffe.model(caffe.layer('x', caffe.field(5, b'abc'), *[caffe.blob(BIAS)] * 20_000)),
        caffe.model(caffe.layer('x', b''.join(caffe.varint(8 * 5 + 5) + bytes(4) for _ in range(200_000)))),
        caffe.model(*[caffe.layer('x')] * 15_000, caffe.layer('y', caffe.field(5, b'abc'))),
        caffe.model(caffe.layer('x', b'')) + b'\x80' * 10**6,
    ],
    ids=['name', 'bytes', 'blobs', 'floats', 'layers', 'varint'],
)
def test_a_hostile_model_of_a_megabyte_is_refused_in_seconds_and_in_a_short_sentence(data):
    start = time.process_time()
    with pytest.raises(ConfigError) as refusal:
        read_caffe_model(data)
    assert len(str(refusal.value)) <= 500 and time.process_time() - start < 10
